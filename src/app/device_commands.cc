#include "app/device_commands.h"

#include "app/command_flags.h"
#include "app/command_tree.h"
#include "app/commands/devices.h"

namespace latchkey::app {
namespace {

using namespace commands;

// The acts that take any number of devices.
CLI::App& add_devices_act(Tree& tree, CLI::App& group, const char* name, const char* sentence,
                          const std::shared_ptr<DevicesFlags>& flags,
                          Result<Exit> (*run)(Screen&, const DevicesFlags&)) {
  auto& app = server_command(tree, group, name, sentence, flags, run);
  app.add_option("DEVICE", flags->devices, "Id, number or name")->required()->type_name("");
  last_flags(app, *flags);
  return app;
}

// Those that change one device.
template <class Flags>
CLI::App& add_device_change(Tree& tree, CLI::App& group, const char* name, const char* sentence,
                            const std::shared_ptr<Flags>& flags, Result<Exit> (*run)(Screen&, const Flags&)) {
  auto& app = server_command(tree, group, name, sentence, flags, run);
  flag(app, "DEVICE", flags->device, "", "Id, number or name")->required();
  last_flags(app, *flags);
  return app;
}

}  // namespace

void add_devices(Tree& tree) {
  auto& devices = tree.group("devices", "Lists, shows and manages the devices of a tailnet");
  auto list = std::make_shared<ListDevicesFlags>();
  auto& list_app = server_command(tree, devices, "list", "Lists the devices", list, list_devices);
  repeated(list_app, "--tag", list->tags, "tag:NAME", "Only those with this tag");
  flag(list_app, "--auth-key", list->auth_key, "ID", "Only those that are in by this auth key");
  last_flags(list_app, *list);

  add_device_change(tree, devices, "show", "Shows all there is to know about a device",
                    std::make_shared<ShowDeviceFlags>(), show_device);

  auto approve = std::make_shared<DevicesFlags>();
  auto& approve_app = add_devices_act(
      tree, devices, "approve",
      "Lets devices take part: by name or id, or by the address that a device without a key shows", approve,
      approve_devices);
  approve_app.add_flag("--undo", approve->undo, "Take the approval back");
  flag(approve_app, "--for", approve->person, "LOGIN",
       "Whose device it becomes that shows an address; without it yours");
  auto expire = std::make_shared<DevicesFlags>();
  auto& expire_app = add_devices_act(
      tree, devices, "expire", "Expires the keys of devices: they must log in again", expire, expire_devices);
  expire_app.add_flag("--yes", expire->yes, "Do not ask");
  flag(expire_app, "--in", expire->in, "DURATION", "After how long, such as 30m; without it now")
      ->check(a_duration());
  auto remove = std::make_shared<DevicesFlags>();
  add_devices_act(tree, devices, "remove", "Removes devices from the tailnet", remove, remove_devices)
      .add_flag("--yes", remove->yes, "Do not ask");

  auto rename = std::make_shared<RenameDeviceFlags>();
  flag(add_device_change(tree, devices, "rename", "Gives a device another name", rename, rename_device),
       "NAME", rename->name, "", "One label; without it the name is made from the host name again");
  auto tag = std::make_shared<TagDeviceFlags>();
  add_device_change(tree, devices, "tag", "Replaces the tags of a device, which then belongs to the tailnet",
                    tag, tag_device)
      .add_option("TAG", tag->tags, "A tag: tag:NAME")
      ->required()
      ->type_name("");
  auto routes = std::make_shared<DeviceRoutesFlags>();
  auto& routes_app = add_device_change(tree, devices, "routes", "Shows or sets the subnet routes of a device",
                                       routes, device_routes);
  repeated(routes_app, "--enable", routes->enable, "PREFIX", "A route to enable; all others are disabled");
  routes_app.add_flag("--none", routes->none, "Disable every route")->excludes("--enable");
  routes_app.footer(
      "0.0.0.0/0 makes it an exit node.\n"
      "  latchkey devices routes web1 --enable 10.0.0.0/16 --enable 10.1.0.0/16");
}

}  // namespace latchkey::app
