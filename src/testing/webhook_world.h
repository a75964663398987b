// A tailnet with webhook endpoints, for tests: the use cases, the reader of the feed and the sender a call
// away. Nothing is sent; what would be is what take_up() gives.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "core/webhooks/dispatch.h"
#include "core/webhooks/manage.h"
#include "core/webhooks/queue_news.h"
#include "core/webhooks/vault.h"
#include "testing/world.h"

namespace latchkey::testing {

inline constexpr const char* kConsole = "https://latchkey.example/admin";

class WebhookWorld : public World {
 public:
  explicit WebhookWorld(std::unique_ptr<storage::SqlDatabase> database = storage::open_sqlite_in_memory());

  const webhooks::WebhookVault& vault() const { return vault_; }
  webhooks::WebhookContext context(bool allow_http = false) const { return {mint(), vault_, allow_http}; }

  // As the owner; they throw when refused.
  webhooks::EndpointWithSecret add_endpoint(std::vector<std::string> subscriptions,
                                            std::string url = "https://ops.example/hook",
                                            std::string provider = {});
  webhooks::EndpointWithSecret rotate(const EndpointId& id, seconds overlap = seconds{0});
  void remove(const EndpointId& id);
  void test(const EndpointId& id);
  webhooks::WebhookEndpoint endpoint(const EndpointId& id);
  webhooks::EndpointRef ref(const EndpointId& id) const { return {tailnet().tailnet.id, id}; }

  // Reads the feed to its end; how many deliveries were queued.
  std::int64_t read_feed();
  std::vector<webhooks::EndpointRef> due();
  std::optional<webhooks::Dispatch> take_up(const EndpointId& id, const std::string& holder = "east");
  webhooks::Settled settle(const webhooks::Dispatch& dispatch, std::optional<std::int64_t> status = 200,
                           double random = 1.0, std::string answer = "ok");
  // All deliveries, oldest first.
  std::vector<webhooks::Delivery> deliveries(const EndpointId& id,
                                             std::optional<webhooks::DeliveryState> state = {});
  // Reads the feed, sends everything to the endpoint, which takes it, and gives the events in order.
  std::vector<boost::json::object> told(const EndpointId& id);

 private:
  webhooks::WebhookVault vault_;
};

// The values of "type".
std::vector<std::string> types_of(const std::vector<boost::json::object>& events);
// A member of "data", as text; "(none)" where there is none.
std::string data_in(const boost::json::object& event, std::string_view name);

}  // namespace latchkey::testing
