// The doors to log streams: /tailnet/{tailnet}/logging/{logType}/stream and .../stream/status, and to
// external ids for AWS: /tailnet/{tailnet}/aws-external-id and .../{externalId}/validate-aws-trust-policy.
#include <boost/json/array.hpp>

#include "core/logstream/manage.h"
#include "http/handlers.h"
#include "http/json_body.h"
#include "http/responses.h"

namespace latchkey::http {
namespace {

using identity::Operation;
using logstream::LogType;
using logstream::Stream;

// No account: a role that trusts it trusts nobody.
constexpr std::string_view kNoAwsAccount = "000000000000";
constexpr std::string_view kNotStreaming =
    "this server keeps the configuration of log streams and sends nothing; read the log at"
    " /api/v2/tailnet/{tailnet}/logging/configuration";
// As upstream says that something has not happened.
constexpr std::string_view kNever = "0001-01-01T00:00:00Z";

Result<LogType> wanted_type(const Call& call) {
  const auto type = logstream::log_type_from(call.path_element("logType"));
  if (!type) return not_found("log not found: there are configuration and network");
  return *type;
}

// Never the secrets, sealed or not.
boost::json::object stream_json(const Stream& stream) {
  const auto& settings = stream.settings;
  boost::json::object json{{"logType", to_string(stream.type)},
                           {"destinationType", to_string(stream.destination)},
                           {"url", settings.url},
                           {"user", settings.user},
                           {"uploadPeriodMinutes", settings.upload_period_minutes},
                           {"compressionFormat", settings.compression}};
  const std::pair<const char*, const std::string*> texts[] = {
      {"s3Bucket", &settings.s3_bucket},
      {"s3Region", &settings.s3_region},
      {"s3KeyPrefix", &settings.s3_key_prefix},
      {"s3AuthenticationType", &settings.s3_authentication},
      {"s3AccessKeyId", &settings.s3_access_key_id},
      {"s3RoleArn", &settings.s3_role_arn},
      {"s3ExternalId", &settings.s3_external_id},
      {"gcsBucket", &settings.gcs_bucket},
      {"gcsKeyPrefix", &settings.gcs_key_prefix},
      {"gcsCredentials", &settings.gcs_credentials}};
  for (const auto& [name, text] : texts) {
    if (!text->empty()) json[name] = *text;
  }
  if (!settings.gcs_scopes.empty()) {
    json["gcsScopes"] = boost::json::array(settings.gcs_scopes.begin(), settings.gcs_scopes.end());
  }
  return json;
}

Result<std::string> text_or_empty(const JsonBody& body, std::string_view name) {
  TRY(auto text, body.text(name));
  return std::move(text).value_or("");
}

Result<logstream::NewStream> parse_stream(const JsonBody& body) {
  logstream::NewStream want;
  auto& settings = want.settings;
  TRY(want.destination, text_or_empty(body, "destinationType"));
  const std::pair<const char*, std::string*> texts[] = {{"url", &settings.url},
                                                        {"user", &settings.user},
                                                        {"s3Bucket", &settings.s3_bucket},
                                                        {"s3Region", &settings.s3_region},
                                                        {"s3KeyPrefix", &settings.s3_key_prefix},
                                                        {"s3AuthenticationType", &settings.s3_authentication},
                                                        {"s3AccessKeyId", &settings.s3_access_key_id},
                                                        {"s3RoleArn", &settings.s3_role_arn},
                                                        {"s3ExternalId", &settings.s3_external_id},
                                                        {"gcsBucket", &settings.gcs_bucket},
                                                        {"gcsKeyPrefix", &settings.gcs_key_prefix},
                                                        {"gcsCredentials", &settings.gcs_credentials}};
  for (const auto& [name, text] : texts) {
    TRY(*text, text_or_empty(body, name));
  }
  TRY(const auto compression, text_or_empty(body, "compressionFormat"));
  if (!compression.empty()) settings.compression = compression;
  TRY(const auto period, body.integer("uploadPeriodMinutes"));
  settings.upload_period_minutes = period.value_or(0);
  TRY(settings.gcs_scopes, body.texts("gcsScopes"));
  TRY(auto token, text_or_empty(body, "token"));
  want.secrets.token = SecretString(std::move(token));
  TRY(auto key, text_or_empty(body, "s3SecretAccessKey"));
  want.secrets.s3_secret_access_key = SecretString(std::move(key));
  return want;
}

io::awaitable<Result<Stream>> read(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::read_log_streaming>(call.caller));
  CO_TRY(const auto type, wanted_type(call));
  auto work = [may, type](core::Tx& tx) { return logstream::read_stream(tx, may, type); };
  co_return co_await context.db.read(std::move(work));
}

}  // namespace

Answer get_log_stream(Context& context, Call& call) {
  CO_TRY(const auto stream, co_await read(context, call));
  co_return json_response(stream_json(stream));
}

Answer set_log_stream(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_log_streaming>(call.caller));
  CO_TRY(const auto type, wanted_type(call));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(auto want, parse_stream(body));
  auto work = [may, type, want = std::move(want), sealer = context.sealer, now = context.clock.now()](
                  core::Tx& tx) { return logstream::set_stream(tx, may, type, want, *sealer, now); };
  CO_TRY(const auto stream, co_await context.db.write(std::move(work)));
  co_return json_response(stream_json(stream));
}

Answer delete_log_stream(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_log_streaming>(call.caller));
  CO_TRY(const auto type, wanted_type(call));
  auto work = [may, type, now = context.clock.now()](core::Tx& tx) {
    return logstream::remove_stream(tx, may, type, now);
  };
  CO_TRY(co_await context.db.write(std::move(work)));
  co_return empty_response();
}

Answer get_log_stream_status(Context& context, Call& call) {
  CO_TRY(co_await read(context, call));
  boost::json::object body{{"lastActivity", kNever}, {"lastError", kNotStreaming}};
  for (const char* counter :
       {"maxBodySize", "numBytesSent", "numEntriesSent", "numSpoofedEntries", "numTotalRequests",
        "numFailedRequests", "rateBytesSent", "rateEntriesSent", "rateTotalRequests", "rateFailedRequests"}) {
    body[counter] = 0;
  }
  co_return json_response(body);
}

Answer create_aws_external_id(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_log_streaming>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto reusable, body.flag("reusable"));
  auto work = [may, reusable = reusable.value_or(false), now = context.clock.now()](core::Tx& tx) {
    return logstream::obtain_external_id(tx, may, reusable, now);
  };
  CO_TRY(const auto id, co_await context.db.write(std::move(work)));
  co_return json_response({{"externalId", id.id}, {"tailscaleAwsAccountId", kNoAwsAccount}});
}

Answer validate_aws_trust_policy(Context& context, Call& call) {
  CO_TRY(auto may, identity::authorize<Operation::write_log_streaming>(call.caller));
  CO_TRY(const auto body, JsonBody::parse(call.request.body));
  CO_TRY(const auto role, text_or_empty(body, "roleArn"));
  auto work = [may, role, id = call.path_element("externalId")](core::Tx& tx) {
    return logstream::check_external_id(tx, may, id, role);
  };
  CO_TRY(co_await context.db.read(std::move(work)));
  co_return unprocessable_response(
      "the trust policy was not validated: this server has no AWS account, so no role can be assumed");
}

}  // namespace latchkey::http
