// The unit of work: hands a use case its stores and nothing else.
//
// Everything done through one Tx is committed together or undone together. A Tx lives only while the function
// it was given to runs; references taken from it must not outlive that. One thread at a time.
//
// Every store function that changes what a person owns takes an Act (core/audit/act.h): the record for the
// audit log and the entry for the change feed. Both are written in the same transaction, so a change without
// its record does not compile, and a record that cannot be written undoes the change.
#pragma once

namespace latchkey::audit {
class AuditStore;
class FeedReaderStore;
}  // namespace latchkey::audit
namespace latchkey::identity {
class GroupStore;
class UserStore;
}  // namespace latchkey::identity
namespace latchkey::policy {
class PolicyStore;
}
namespace latchkey::tailnet {
class AttributeStore;
class SettingsStore;
class TailnetStore;
class DeviceStore;
}  // namespace latchkey::tailnet
namespace latchkey::join {
class PendingLoginStore;
}
namespace latchkey::credentials {
class CredentialStore;
}
namespace latchkey::posture {
class IntegrationStore;
}
namespace latchkey::logstream {
class LogstreamStore;
}
namespace latchkey::people {
class InviteStore;
}
namespace latchkey::services {
class ServiceStore;
}

namespace latchkey::webhooks {
class WebhookStore;
}
namespace latchkey::signon {
class SignOnStore;
class SessionStore;
}  // namespace latchkey::signon
namespace latchkey::provisioning {
class ProvisioningStore;
}

namespace latchkey::core {

class MaintenanceStore;

class Tx {
 public:
  virtual ~Tx() = default;

  virtual audit::AuditStore& audit() = 0;
  virtual tailnet::TailnetStore& tailnets() = 0;
  virtual tailnet::SettingsStore& settings() = 0;
  virtual identity::UserStore& users() = 0;
  virtual identity::GroupStore& groups() = 0;
  virtual policy::PolicyStore& policies() = 0;
  virtual credentials::CredentialStore& credentials() = 0;
  virtual tailnet::DeviceStore& devices() = 0;
  virtual tailnet::AttributeStore& attributes() = 0;
  virtual join::PendingLoginStore& pending_logins() = 0;
  virtual posture::IntegrationStore& integrations() = 0;
  virtual logstream::LogstreamStore& logstreams() = 0;
  virtual services::ServiceStore& services() = 0;
  virtual webhooks::WebhookStore& webhooks() = 0;
  virtual people::InviteStore& invites() = 0;
  virtual signon::SignOnStore& sign_on() = 0;
  virtual signon::SessionStore& sessions() = 0;
  virtual provisioning::ProvisioningStore& provisioning() = 0;
  virtual audit::FeedReaderStore& feed() = 0;
  virtual MaintenanceStore& maintenance() = 0;
};

}  // namespace latchkey::core
