// A device as the API shows it, and the filters of the list.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/tailnet/device_view.h"

namespace latchkey::http {

enum class DeviceFields {
  upstream,  // upstream's default members
  all,       // its other ones, and Latchkey's own
};

boost::json::object device_json(const tailnet::DeviceView& view, DeviceFields fields);
boost::json::object routes_json(const tailnet::Device& device);

// Which devices a list holds: any member with one value, "hostname=web1", and "tags=tag:a" for one of a list.
// All must hold.
class DeviceFilter {
 public:
  // Takes every pair of the query but `fields`. Refuses names that no device has as a member: a filter that
  // is not understood would let everything through.
  static Result<DeviceFilter> parse(const std::vector<std::pair<std::string, std::string>>& query);

  bool empty() const { return wanted_.empty(); }
  // `device` with all its members.
  bool matches(const boost::json::object& device) const;

 private:
  std::vector<std::pair<std::string, std::string>> wanted_;
};

}  // namespace latchkey::http
