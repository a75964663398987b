#include "control/map/map_message.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <random>

#include "core/tailnet/device_store.h"
#include "core/tailnet/manage_devices.h"
#include "testing/control_client.h"
#include "testing/world.h"

namespace latchkey::control {
namespace {

namespace json = boost::json;
using identity::Operation;
using identity::Role;
using testing::World;

constexpr const char* kDerpMap = R"({"Regions":{}})";

credentials::NewAuthKey reusable(std::vector<std::string> tags = {}) {
  credentials::NewAuthKey want;
  want.grant.reusable = true;
  want.grant.tags = std::move(tags);
  return want;
}

// What a device knows after the messages it was sent (tailscale/tailscale, control/controlclient/map.go).
class Known {
 public:
  void take(std::string_view text) {
    const auto message = json::parse(text).as_object();
    for (const char* whole : {"Node", "DNSConfig", "PacketFilters"}) {
      if (const auto* told = message.if_contains(whole)) members_[whole] = json::serialize(*told);
    }
    if (const auto* told = message.if_contains("UserProfiles")) {
      for (const auto& profile : told->as_array()) profiles_[profile.at("ID").as_int64()] = profile;
    }
    if (const auto* told = message.if_contains("Peers")) {
      peers_.clear();
      put(told->as_array());
    }
    if (const auto* told = message.if_contains("PeersChanged")) put(told->as_array());
    if (const auto* told = message.if_contains("PeersRemoved")) {
      for (const auto& number : told->as_array()) EXPECT_EQ(peers_.erase(number.as_int64()), 1U);
    }
    if (const auto* told = message.if_contains("PeersChangedPatch")) {
      for (const auto& patch : told->as_array()) apply(patch.as_object());
    }
  }

  // Everything but what has no meaning: when a device that is there was last seen.
  std::map<std::string, std::string> all() const {
    auto all = members_;
    for (auto [number, peer] : peers_) {
      if (peer.at("Online").as_bool()) peer.erase("LastSeen");
      const auto owner = profiles_.find(peer.at("User").as_int64());
      EXPECT_TRUE(owner != profiles_.end()) << "a peer of an unknown owner";
      peer["Owner"] = owner == profiles_.end() ? json::value() : owner->second;
      for (const auto& [name, value] : peer) {
        all[std::to_string(number) + "." + std::string(name)] = json::serialize(value);
      }
    }
    return all;
  }
  std::size_t peers() const { return peers_.size(); }

 private:
  void put(const json::array& peers) {
    for (const auto& peer : peers) peers_[peer.at("ID").as_int64()] = peer.as_object();
  }
  void apply(const json::object& patch) {
    const auto found = peers_.find(patch.at("NodeID").as_int64());
    ASSERT_TRUE(found != peers_.end()) << "a patch of no peer";
    for (const auto& [name, value] : patch) {
      if (name == "NodeID") continue;
      found->second[name == "DERPRegion" ? "HomeDERP" : name] = value;
    }
  }

  std::map<std::string, std::string> members_;
  std::map<std::int64_t, json::object> peers_;
  std::map<std::int64_t, json::value> profiles_;
};

using Members = std::map<std::string, std::string>;
std::string difference(const Members& told, const Members& wanted) {
  std::string text;
  const auto add = [&](const char* mark, const Members& from, const Members& of) {
    for (const auto& [name, value] : from) {
      const auto other = of.find(name);
      if (other == of.end() || other->second != value) text += mark + name + " " + value + "\n";
    }
  };
  add("told ", told, wanted);
  add("wanted ", wanted, told);
  return text;
}

class MapMessage : public ::testing::Test {
 protected:
  ViewPtr refreshed(const ViewPtr& before, const View::Dirty& dirty) {
    return *world_.db().read_now(
        [&](core::Tx& tx) -> Result<ViewPtr> { return View::refresh(tx, before, dirty, world_.now); });
  }
  ViewPtr loaded() {
    return *world_.db().read_now([&](core::Tx& tx) -> Result<ViewPtr> {
      return View::load(tx, world_.tailnet().tailnet.id, 1, world_.now);
    });
  }
  template <Operation operation = Operation::manage_device, class UseCase, class... Wish>
  void manage(UseCase use_case, const tailnet::Device& device, const Wish&... wish) {
    const auto may = identity::authorize<operation>(world_.caller(Role::owner));
    (void)world_.db().write_now(
        [&](core::Tx& tx) { return use_case(tx, *may, device.id.str(), wish..., world_.now); });
  }
  template <class Work>
  void change(Work work) {
    (void)world_.db().write_now([&](core::Tx& tx) -> Result<void> {
      work(tx);
      return {};
    });
  }
  void report(const tailnet::Device& device, const join::StatusReport& status) {
    ASSERT_TRUE(world_.db()
                    .write_now([&](core::Tx& tx) {
                      return join::report(tx, *tx.devices().find(device.tailnet, device.id), status,
                                          world_.join_context(), {}, world_.now);
                    })
                    .ok());
  }
  tailnet::Device joined(int machine, const credentials::IssuedKey& key) {
    auto device = world_.join(machine, machine, key);
    join::StatusReport status;
    status.disco_key = testing::public_key("discokey:", machine);
    report(device, status);
    return *world_.device(device.id);
  }

  World world_;
};

TEST_F(MapMessage, IsTheSameCompressedInPartsAsWhole) {
  world_.store_policy(R"({"tagOwners": {"tag:a": [], "tag:b": []},
    "acls": [{"action": "accept", "src": ["tag:a"], "dst": ["tag:a:*"]}]})");
  const auto a = *world_.issue_auth_key(Role::owner, reusable({"tag:a"}));
  const auto b = *world_.issue_auth_key(Role::owner, reusable({"tag:b"}));
  for (int i = 1; i <= 150; ++i) joined(i, i % 3 == 0 ? b : a);
  const auto view = loaded();
  EXPECT_GT(view->chunks().size(), 2U);
  for (const auto& node : view->nodes()) {
    const auto text = whole_map(*view, *node, kDerpMap, world_.now);
    std::string sent;
    for (const auto& piece : packed_whole_map(*view, *node, kDerpMap, world_.now)) sent += *piece;
    ASSERT_GT(sent.size(), 4U);
    EXPECT_EQ(testing::ControlSession::decompressed(sent.substr(4)), text);
    Known known;
    known.take(text);
    // Those with the other tag are not even in the bytes.
    EXPECT_EQ(known.peers(), node->device.tags.at(0) == "tag:a" ? 99U : 0U);
  }
}

TEST_F(MapMessage, PartsOfDevicesThatStayedTheSameAreKept) {
  const auto key = *world_.issue_auth_key(Role::owner, reusable());
  std::vector<tailnet::Device> devices;
  for (int i = 1; i <= 200; ++i) devices.push_back(joined(i, key));
  const auto before = loaded();
  manage(tailnet::set_name, devices[7], std::string("renamed"));
  const auto after = refreshed(before, {false, {devices[7].id}});
  ASSERT_EQ(after->chunks().size(), before->chunks().size());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < after->chunks().size(); ++i) kept += after->chunks()[i] == before->chunks()[i];
  EXPECT_EQ(kept, after->chunks().size() - 1);
}

// Whatever happens, and however many changes a slow stream misses, its device knows in the end what one that
// comes anew is told.
TEST_F(MapMessage, ChangesTellWhatAWholeMapWould) {
  constexpr int kSteps = 400;
  const std::vector<std::string> policies = {
      "",
      R"({"tagOwners": {"tag:a": [], "tag:b": []}, "acls": [{"action": "accept", "src": ["tag:a"], "dst": ["tag:b:22"]}]})",
      R"({"tagOwners": {"tag:a": [], "tag:b": []}, "acls": [{"action": "accept", "src": ["autogroup:member"], "dst": ["*:*"]}]})",
      R"({"tagOwners": {"tag:a": [], "tag:b": []}, "acls": []})"};
  world_.store_policy(policies[1]);
  const std::vector<credentials::IssuedKey> keys = {*world_.issue_auth_key(Role::owner, reusable()),
                                                    *world_.issue_auth_key(Role::admin, reusable()),
                                                    *world_.issue_auth_key(Role::owner, reusable({"tag:a"})),
                                                    *world_.issue_auth_key(Role::owner, reusable({"tag:b"}))};
  std::mt19937 random(7);  // NOLINT: the same every time
  const auto any = [&](std::size_t below) { return static_cast<std::size_t>(random() % below); };

  std::map<DeviceId, tailnet::Device> devices;
  int machines = 0;
  for (; machines < 12; ++machines) {
    const auto device = joined(machines + 1, keys[any(keys.size())]);
    devices.emplace(device.id, device);
  }
  struct Stream {
    ViewPtr told;
    Known known;
  };
  std::map<DeviceId, Stream> streams;
  auto view = loaded();

  for (int step = 0; step < kSteps; ++step) {
    world_.now += seconds(1);
    View::Dirty dirty;
    const auto chosen = std::next(devices.begin(), static_cast<std::ptrdiff_t>(any(devices.size())));
    const auto device = *world_.device(chosen->first);
    dirty.devices.insert(device.id);
    join::StatusReport status;
    switch (any(16)) {
      case 0: {
        // The second key is refused while its owner is suspended.
        ++machines;
        const auto fresh = world_.join(world_.join_request(machines, machines, &keys[any(keys.size())]));
        if (!fresh) break;
        devices.emplace(fresh->device->id, *fresh->device);
        dirty.devices.insert(fresh->device->id);
        break;
      }
      case 1:
        if (devices.size() < 8) break;
        manage(tailnet::remove_device, device);
        streams.erase(device.id);
        devices.erase(chosen);
        break;
      case 2:
        change([&](core::Tx& tx) { join::connect(tx, device, "east.1", world_.now); });
        break;
      case 3:
        change([&](core::Tx& tx) { join::disconnect(tx, device.tailnet, device.id, "east.1", world_.now); });
        break;
      case 4:
        manage(tailnet::set_authorized, device, any(2) == 0);
        break;
      case 5:
        manage(tailnet::set_name, device, "name-" + std::to_string(step));
        break;
      case 6:
        manage(tailnet::set_tags, device, std::vector<std::string>{any(2) == 0 ? "tag:a" : "tag:b"});
        break;
      case 7:
        manage<Operation::set_device_routes>(
            tailnet::set_enabled_routes, device,
            any(2) == 0 ? std::vector<std::string>{} : std::vector<std::string>{"10.1.0.0/16"});
        break;
      case 8:
        manage(tailnet::set_key_expiry_disabled, device, any(2) == 0);
        break;
      case 9:
        manage(tailnet::expire_key, device, seconds{static_cast<std::int64_t>(any(100))});
        break;
      case 10: {
        // Logs in again, with another node key.
        const auto number = std::stoi(device.machine_key.substr(device.machine_key.size() - 4), nullptr, 16);
        auto request = world_.join_request(number, 1000 + step, &keys[any(keys.size())]);
        request.old_node_key = device.node_key;
        if (world_.join(request).ok()) streams.erase(device.id);
        break;
      }
      case 11:
        world_.set_status(Role::admin,
                          any(2) == 0 ? identity::UserStatus::suspended : identity::UserStatus::active);
        dirty.all = true;
        break;
      case 12:
        world_.store_policy(policies[any(policies.size())]);
        dirty.all = true;
        break;
      case 13:
        status.host = {
            R"({"OS":"linux","Hostname":"h","NetInfo":{"PreferredDERP":)" + std::to_string(any(3)) + "}}",
            "h" + std::to_string(any(5)),
            {}};
        report(device, status);
        break;
      case 14:
        status.disco_key = testing::public_key("discokey:", 5000 + step);
        report(device, status);
        break;
      default:
        status.endpoints = any(3) == 0 ? std::vector<std::string>{}
                                       : std::vector<std::string>{"192.0.2.1:" + std::to_string(1000 + step)};
        status.capability_version = static_cast<std::int64_t>(130 + any(3));
        report(device, status);
    }
    view = refreshed(view, dirty);
    for (const auto& node : view->nodes()) {
      auto& stream = streams[node->device.id];
      const auto whole = whole_map(*view, *node, kDerpMap, world_.now);
      if (!stream.told) {
        stream.known.take(whole);
      } else if (any(3) == 0) {
        continue;  // it reads slowly
      } else {
        const auto text = map_delta(*stream.told, *view, *stream.told->find(node->device.id), *node);
        if (!text.empty()) stream.known.take(text);
      }
      stream.told = view;
      Known anew;
      anew.take(whole);
      const auto told = stream.known.all();
      const auto wanted = anew.all();
      ASSERT_EQ(difference(told, wanted), "") << "after step " << step;
    }
  }
}

}  // namespace
}  // namespace latchkey::control
