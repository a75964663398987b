#include "app/webhook_commands.h"

#include "app/command_flags.h"
#include "app/command_tree.h"
#include "app/commands/webhook_receiver.h"
#include "app/commands/webhooks.h"

namespace latchkey::app {
namespace {

using namespace commands;

constexpr const char* kId = "The endpoint's id: w...CNTRL";
constexpr const char* kEvent = "An event or a category to be told of, such as nodeCreated. Repeatable";
constexpr const char* kStates = "waiting|delivered|givenUp|dropped";
constexpr int kLastPort = 65535;

void events_flag(CLI::App& app, std::vector<std::string>& into) {
  app.add_option("--event", into, kEvent)->required()->type_name("NAME")->allow_extra_args(false);
}

void add_making(Tree& tree, CLI::App& group) {
  auto create = std::make_shared<CreateWebhookFlags>();
  auto& create_app = server_command(
      tree, group, "create", "Makes an endpoint and shows its secret, this once", create, create_webhook);
  flag(create_app, "ADDRESS", create->address, "", "Where events are sent to: https://...")->required();
  events_flag(create_app, create->events);
  flag(create_app, "--provider", create->provider, "slack|mattermost|googlechat|discord",
       "In whose format; without it the address tells");
  last_flags(create_app, *create);
  create_app.footer(
      "Only the secret goes to standard output, so it can be piped into a store.\n"
      "  latchkey webhooks create https://ops.example.com/hook --event categoryTailnetManagement");

  auto update = std::make_shared<UpdateWebhookFlags>();
  auto& update_app =
      server_command(tree, group, "update", "Replaces the events of an endpoint", update, update_webhook);
  flag(update_app, "ID", update->id, "", kId)->required();
  events_flag(update_app, update->events);
  last_flags(update_app, *update);
  update_app.footer("Address and provider cannot be changed: make another endpoint.");

  auto rotate = std::make_shared<RotateWebhookFlags>();
  auto& rotate_app =
      server_command(tree, group, "rotate", "Makes a new secret for an endpoint", rotate, rotate_webhook);
  flag(rotate_app, "ID", rotate->id, "", kId)->required();
  flag(rotate_app, "--overlap", rotate->overlap, "DURATION",
       "How long the old secret signs too; at most 30d. Without it, it ends at once")
      ->check(a_duration());
  last_flags(rotate_app, *rotate);
  rotate_app.footer("  latchkey webhooks rotate w...CNTRL --overlap 1d");

  auto remove = std::make_shared<DeleteWebhooksFlags>();
  auto& remove_app = server_command(
      tree, group, "delete", "Deletes endpoints with their secret, queue and log", remove, delete_webhooks);
  remove_app.add_option("ID", remove->ids, kId)->required()->type_name("");
  remove_app.add_flag("--yes", remove->yes, "Do not ask");
  last_flags(remove_app, *remove);
}

void add_looking(Tree& tree, CLI::App& group) {
  auto list = std::make_shared<ListWebhooksFlags>();
  last_flags(
      server_command(tree, group, "list", "Lists the endpoints, and whether they work", list, list_webhooks),
      *list);

  auto show = std::make_shared<WebhookFlags>();
  auto& show_app =
      server_command(tree, group, "show", "Shows an endpoint and its last attempts", show, show_webhook);
  flag(show_app, "ID", show->id, "", kId)->required();
  last_flags(show_app, *show);

  auto test = std::make_shared<WebhookFlags>();
  auto& test_app = server_command(
      tree, group, "test", "Sends an endpoint the event test, whatever it subscribed to", test, test_webhook);
  flag(test_app, "ID", test->id, "", kId)->required();
  last_flags(test_app, *test);
}

void add_deliveries(Tree& tree, CLI::App& group) {
  auto look = std::make_shared<DeliveriesFlags>();
  auto& look_app =
      server_command(tree, group, "deliveries", "Lists what an endpoint was sent, newest first; or one of it",
                     look, webhook_deliveries);
  flag(look_app, "ID", look->id, "", kId)->required();
  look_app.add_option("NUMBER", look->number, "This delivery, with its attempts")->type_name("");
  flag(look_app, "--state", look->state, kStates, "Only those");
  look_app.add_option("--before", look->before, "Only those with a smaller number: the next page")
      ->type_name("NUMBER");
  look_app.add_option("--limit", look->limit, "How many, at most 500; 100 without it")->type_name("N");
  last_flags(look_app, *look);

  auto again = std::make_shared<ReplayFlags>();
  auto& again_app = server_command(tree, group, "replay", "Sends again what an endpoint was sent before",
                                   again, replay_webhook);
  flag(again_app, "ID", again->id, "", kId)->required();
  again_app.add_option("NUMBER", again->numbers, "Deliveries to repeat")->type_name("");
  flag(again_app, "--since", again->since, "TIME",
       "Instead of numbers: what happened from then on; 24h (before now), or like 2026-01-05T10:00:00Z")
      ->check(a_moment());
  flag(again_app, "--until", again->until, "TIME", "Up to then; now without it")->check(a_moment());
  flag(again_app, "--state", again->state, "delivered|givenUp|dropped", "Only those");
  last_flags(again_app, *again);
  again_app.footer(
      "Each event is sent once, in the old order, with a signature of now.\n"
      "  latchkey webhooks replay w...CNTRL --since 2d --state givenUp");
}

void add_receiving(Tree& tree, CLI::App& group) {
  auto listen = std::make_shared<ListenFlags>();
  auto& listen_app = tree.command<ListenFlags>(
      group, "listen", "Receives events on this machine, checks their signatures and prints them", listen,
      listen_webhooks);
  listen_app.add_option("--port", listen->port, "On 127.0.0.1; without it the kernel chooses")
      ->type_name("PORT")
      ->check(CLI::Range(0, kLastPort));
  flag(listen_app, "--secret-file", listen->secret_file, "FILE",
       "The endpoint's secret; - is standard input (LATCHKEY_WEBHOOK_SECRET, else it is asked for)");
  output_flag(listen_app, listen->output);
  listen_app.footer(
      "Runs until Ctrl-C. JSON is one event a line. What is not signed with the secret is refused with 401.\n"
      "  latchkey webhooks listen --port 9000 --secret-file hook.secret");

  auto verify = std::make_shared<VerifyWebhookFlags>();
  auto& verify_app = tree.command<VerifyWebhookFlags>(
      group, "verify", "Checks the signature of a request that was kept, and says what is wrong with it",
      verify, verify_webhook, [](VerifyWebhookFlags& filled) { return complaint_about(filled); });
  flag(verify_app, "--signature", verify->signature, "TEXT",
       "The Tailscale-Webhook-Signature header: t=...,v1=...")
      ->required();
  flag(verify_app, "--body", verify->body, "FILE", "The body, byte for byte; standard input without it");
  flag(verify_app, "--secret-file", verify->secret_file, "FILE",
       "The endpoint's secret (LATCHKEY_WEBHOOK_SECRET)");
  flag(verify_app, "--at", verify->at, "TIME", "When it came: 2h (before now), or like 2026-01-05T10:00:00Z")
      ->check(a_moment());
  output_flag(verify_app, verify->output);
  verify_app.footer(
      "0: genuine. 1: not.\n"
      "  latchkey webhooks verify --signature \"$HEADER\" --body request.json --secret-file hook.secret");
}

}  // namespace

void add_webhooks(Tree& tree) {
  auto& group = tree.group("webhooks", "Makes, tests and watches webhook endpoints, and receives for a try");
  add_looking(tree, group);
  add_making(tree, group);
  add_deliveries(tree, group);
  add_receiving(tree, group);
}

}  // namespace latchkey::app
