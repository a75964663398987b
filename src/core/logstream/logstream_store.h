// Where log streams are kept, and the external ids with which roles of AWS are asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/audit/act.h"
#include "core/logstream/stream.h"

namespace latchkey::logstream {

struct ExternalId {
  TailnetId tailnet;
  std::string id;
  bool reusable = false;
  TimePoint created{};
  std::string linked_account;  // of AWS; empty until a stream named a role with it
};

class LogstreamStore {
 public:
  virtual ~LogstreamStore() = default;

  virtual std::optional<Stream> find(const TailnetId& tailnet, LogType type) = 0;
  // Makes it or replaces it.
  virtual void save(const Stream& stream, const audit::Act& act) = 0;
  // False when there is none; nothing is written then.
  virtual bool remove(const TailnetId& tailnet, LogType type, const audit::Act& act) = 0;

  virtual std::optional<ExternalId> find_external_id(const TailnetId& tailnet, std::string_view id) = 0;
  // The one that was made reusable and is not linked.
  virtual std::optional<ExternalId> find_reusable_external_id(const TailnetId& tailnet) = 0;
  virtual void insert_external_id(const ExternalId& id, const audit::Act& act) = 0;
  // A part of saving a stream, whose act tells of it.
  virtual void link_external_id(const TailnetId& tailnet, std::string_view id, std::string_view account) = 0;
  // Forgets the oldest of those that no stream names, up to `keep` of them.
  virtual void forget_external_ids(const TailnetId& tailnet, std::int64_t keep) = 0;
};

}  // namespace latchkey::logstream
