#include "storage/logstream_store.h"

#include <limits>

#include "storage/columns.h"

namespace latchkey::storage {
namespace {

using logstream::ExternalId;
using logstream::Stream;

const Statement kFind{
    "SELECT destination, url, user_name, upload_period_minutes, compression, s3_bucket, s3_region,"
    " s3_key_prefix, s3_authentication, s3_access_key_id, s3_role_arn, s3_external_id, gcs_bucket,"
    " gcs_key_prefix, gcs_scopes, gcs_credentials, sealed_token, sealed_s3_secret FROM log_streams"
    " WHERE tailnet_id = $1 AND log_type = $2"};
const Statement kForget{"DELETE FROM log_streams WHERE tailnet_id = $1 AND log_type = $2"};
const Statement kInsert{
    "INSERT INTO log_streams (tailnet_id, log_type, destination, url, user_name, upload_period_minutes,"
    " compression, s3_bucket, s3_region, s3_key_prefix, s3_authentication, s3_access_key_id, s3_role_arn,"
    " s3_external_id, gcs_bucket, gcs_key_prefix, gcs_scopes, gcs_credentials, sealed_token,"
    " sealed_s3_secret) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
    " $18, $19, $20)"};

#define SELECT_EXTERNAL_IDS \
  "SELECT id, reusable, created_at, linked_account FROM aws_external_ids WHERE tailnet_id = $1"
const Statement kFindId{SELECT_EXTERNAL_IDS " AND id = $2"};
const Statement kFindReusable{SELECT_EXTERNAL_IDS
                              " AND reusable AND linked_account = '' ORDER BY created_at DESC, id LIMIT 1"};
const Statement kInsertId{
    "INSERT INTO aws_external_ids (tailnet_id, id, reusable, created_at, linked_account)"
    " VALUES ($1, $2, $3, $4, $5)"};
const Statement kLinkId{"UPDATE aws_external_ids SET linked_account = $3 WHERE tailnet_id = $1 AND id = $2"};
const Statement kForgetIds{
    "DELETE FROM aws_external_ids WHERE tailnet_id = $1 AND id IN (SELECT unused.id FROM aws_external_ids "
    "unused"
    " WHERE unused.tailnet_id = $1 AND NOT EXISTS (SELECT 1 FROM log_streams WHERE log_streams.tailnet_id = "
    "$1"
    " AND s3_external_id = unused.id) ORDER BY unused.created_at DESC, unused.id LIMIT $3 OFFSET $2)"};

Value bytes_or_null(const std::vector<std::uint8_t>& bytes) {
  return bytes.empty() ? Value() : Value(bytes);
}

std::vector<std::uint8_t> bytes_of(const Value& value) {
  return value.is_null() ? std::vector<std::uint8_t>() : value.bytes();
}

ExternalId external_id_of(const TailnetId& tailnet, const Row& row) {
  return {tailnet, row.at(0).text(), row.at(1).flag(), time_of(row.at(2)), row.at(3).text()};
}

std::optional<ExternalId> first_of(const TailnetId& tailnet, const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return external_id_of(tailnet, rows.front());
}

}  // namespace

std::optional<Stream> SqlLogstreamStore::find(const TailnetId& tailnet, logstream::LogType type) {
  const auto rows = work_.connection().run(kFind, {tailnet.str(), std::string(to_string(type))});
  if (rows.empty()) return std::nullopt;
  const auto& row = rows.front();
  const auto destination = logstream::destination_from(row.at(0).text());
  if (!destination) throw DatabaseError("a log stream has an unknown destination");
  Stream stream{tailnet, type, *destination, {}, bytes_of(row.at(16)), bytes_of(row.at(17))};
  auto& settings = stream.settings;
  settings.url = row.at(1).text();
  settings.user = row.at(2).text();
  settings.upload_period_minutes = row.at(3).number();
  settings.compression = row.at(4).text();
  settings.s3_bucket = row.at(5).text();
  settings.s3_region = row.at(6).text();
  settings.s3_key_prefix = row.at(7).text();
  settings.s3_authentication = row.at(8).text();
  settings.s3_access_key_id = row.at(9).text();
  settings.s3_role_arn = row.at(10).text();
  settings.s3_external_id = row.at(11).text();
  settings.gcs_bucket = row.at(12).text();
  settings.gcs_key_prefix = row.at(13).text();
  settings.gcs_scopes = list_of(row.at(14).text());
  settings.gcs_credentials = row.at(15).text();
  return stream;
}

void SqlLogstreamStore::save(const Stream& stream, const audit::Act& act) {
  const auto& settings = stream.settings;
  const auto type = std::string(to_string(stream.type));
  work_.connection().run(kForget, {stream.tailnet.str(), type});
  work_.connection().run(kInsert, {stream.tailnet.str(),
                                   type,
                                   std::string(to_string(stream.destination)),
                                   settings.url,
                                   settings.user,
                                   settings.upload_period_minutes,
                                   settings.compression,
                                   settings.s3_bucket,
                                   settings.s3_region,
                                   settings.s3_key_prefix,
                                   settings.s3_authentication,
                                   settings.s3_access_key_id,
                                   settings.s3_role_arn,
                                   settings.s3_external_id,
                                   settings.gcs_bucket,
                                   settings.gcs_key_prefix,
                                   list_text(settings.gcs_scopes),
                                   settings.gcs_credentials,
                                   bytes_or_null(stream.sealed_token),
                                   bytes_or_null(stream.sealed_s3_secret)});
  work_.record(act);
}

bool SqlLogstreamStore::remove(const TailnetId& tailnet, logstream::LogType type, const audit::Act& act) {
  work_.connection().run(kForget, {tailnet.str(), std::string(to_string(type))});
  if (work_.connection().changed() == 0) return false;
  work_.record(act);
  return true;
}

std::optional<ExternalId> SqlLogstreamStore::find_external_id(const TailnetId& tailnet, std::string_view id) {
  return first_of(tailnet, work_.connection().run(kFindId, {tailnet.str(), std::string(id)}));
}

std::optional<ExternalId> SqlLogstreamStore::find_reusable_external_id(const TailnetId& tailnet) {
  return first_of(tailnet, work_.connection().run(kFindReusable, {tailnet.str()}));
}

void SqlLogstreamStore::insert_external_id(const ExternalId& id, const audit::Act& act) {
  work_.connection().run(kInsertId,
                         {id.tailnet.str(), id.id, id.reusable, time_value(id.created), id.linked_account});
  work_.record(act);
}

void SqlLogstreamStore::link_external_id(const TailnetId& tailnet, std::string_view id,
                                         std::string_view account) {
  work_.connection().run(kLinkId, {tailnet.str(), std::string(id), std::string(account)});
}

void SqlLogstreamStore::forget_external_ids(const TailnetId& tailnet, std::int64_t keep) {
  work_.connection().run(kForgetIds,
                         {tailnet.str(), keep, std::int64_t{std::numeric_limits<std::int32_t>::max()}});
}

}  // namespace latchkey::storage
