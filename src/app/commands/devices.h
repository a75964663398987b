// latchkey devices: list, show, approve, expire, remove, rename, tag, routes.
//
// A device is named by its id (n...CNTRL), its number, or its name; a name must fit one device only.
#pragma once

#include <string>
#include <vector>

#include "app/commands/server_choice.h"
#include "app/output.h"

namespace latchkey::app::commands {

struct ListDevicesFlags {
  ServerChoice server;
  std::vector<std::string> tags;  // those that have all of them
  std::string auth_key;           // those that are in by this key
  OutputForm output = OutputForm::table;
};

struct ShowDeviceFlags {
  ServerChoice server;
  std::string device;
  OutputForm output = OutputForm::table;
};

// For acts on several devices, one after the other.
struct DevicesFlags {
  ServerChoice server;
  std::vector<std::string> devices;
  bool undo = false;   // of approve
  std::string person;  // of approve: whose device it becomes that waits for its login
  std::string in;      // of expire: a duration; empty: now
  bool yes = false;
  OutputForm output = OutputForm::table;
};

struct RenameDeviceFlags {
  ServerChoice server;
  std::string device;
  std::string name;  // empty: from the host name again
  OutputForm output = OutputForm::table;
};

struct TagDeviceFlags {
  ServerChoice server;
  std::string device;
  std::vector<std::string> tags;
  OutputForm output = OutputForm::table;
};

struct DeviceRoutesFlags {
  ServerChoice server;
  std::string device;
  std::vector<std::string> enable;  // all that will be enabled
  bool none = false;
  OutputForm output = OutputForm::table;
};

Result<Exit> list_devices(Screen& screen, const ListDevicesFlags& flags);
Result<Exit> show_device(Screen& screen, const ShowDeviceFlags& flags);
Result<Exit> approve_devices(Screen& screen, const DevicesFlags& flags);
Result<Exit> expire_devices(Screen& screen, const DevicesFlags& flags);
Result<Exit> remove_devices(Screen& screen, const DevicesFlags& flags);
Result<Exit> rename_device(Screen& screen, const RenameDeviceFlags& flags);
Result<Exit> tag_device(Screen& screen, const TagDeviceFlags& flags);
Result<Exit> device_routes(Screen& screen, const DeviceRoutesFlags& flags);

}  // namespace latchkey::app::commands
