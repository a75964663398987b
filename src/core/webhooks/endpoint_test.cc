#include "core/webhooks/endpoint.h"

#include <gtest/gtest.h>

namespace latchkey::webhooks {
namespace {

TEST(WebhookEndpoint, TheProviderIsChosenByTheAddress) {
  const std::pair<const char*, Provider> table[] = {
      {"https://hooks.slack.com/services/T0/B0/x", Provider::slack},
      {"https://HOOKS.slack.com:443/services/T0/B0/x", Provider::slack},
      {"https://hooks.slack.com/workflows/T0/A0/1/x", Provider::generic},
      {"https://discord.com/api/webhooks/1/x", Provider::discord},
      {"https://ptb.discord.com/api/v10/webhooks/1/x", Provider::discord},
      {"https://discordapp.com/api/webhooks/1/x", Provider::discord},
      {"https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t", Provider::googlechat},
      {"https://chat.corp.example/hooks/abcdefghijklmnopqrstuvwxyz", Provider::mattermost},
      {"https://corp.example/chat/hooks/abcdefghijklmnopqrstuvwx12", Provider::mattermost},
      {"https://ops.example/hooks/deploy", Provider::generic},
      {"https://notslack.example/services/T0/B0/x", Provider::generic},
      {"https://evil-hooks.slack.com.example/services/T0/B0/x", Provider::generic},
  };
  for (const auto& [url, provider] : table) {
    EXPECT_EQ(provider_of_url(url), provider) << url;
    WebhookEndpoint endpoint;
    endpoint.url = url;
    EXPECT_EQ(format_of(endpoint), provider) << url;
    endpoint.provider = Provider::discord;
    EXPECT_EQ(format_of(endpoint), Provider::discord) << "what was asked for counts";
  }
}

TEST(WebhookEndpoint, ProviderNamesAreUpstreams) {
  for (const char* name : {"", "slack", "mattermost", "googlechat", "discord"}) {
    const auto provider = provider_from(name);
    ASSERT_TRUE(provider) << name;
    EXPECT_EQ(to_string(*provider), name);
  }
  EXPECT_FALSE(provider_from("Slack"));
  EXPECT_FALSE(provider_from("teams"));
}

TEST(WebhookEndpoint, AddressesThatAreNoneAreRefusedWithTheReason) {
  const std::pair<std::string, const char*> bad[] = {
      {"", "https"},
      {"ops.example/hook", "https"},
      {"ftp://ops.example/", "https"},
      {"http://ops.example/", "allow_http"},
      {"https://", "host"},
      {"https:///hook", "host"},
      {"https://:443/", "host"},
      {"https://ops.example:0/", "port"},
      {"https://ops.example:65536/", "port"},
      {"https://ops.example:x/", "port"},
      {"https://user:pass@ops.example/", "user name"},
      {"https://ops.example/#part", "fragment"},
      {"https://ops example/", "ASCII"},
      {"https://ops.example/a\nb", "ASCII"},
      {"https://ops.example\\@evil.example/", "ASCII"},
      {"https://b\xc3\xbc.example/", "ASCII"},
      {"https://[fd7a::zz]/", "host"},
      {"https://[]/", "host"},
      {"https://ops.example/" + std::string(kMaxEndpointUrl, 'a'), "bytes"},
      {"https://ops.example/?t=tskey-" + std::string("auth-x"), "key"},
  };
  for (const auto& [url, reason] : bad) {
    const auto checked = check_endpoint_url(url, false);
    ASSERT_FALSE(checked.ok()) << url;
    EXPECT_NE(checked.error().message.find(reason), std::string::npos)
        << url << ": " << checked.error().message;
    EXPECT_EQ(checked.error().fields, std::vector<std::string>{"endpointUrl"});
  }
  for (const char* good : {"https://ops.example", "https://ops.example:8443/a?b=c%20d", "https://192.0.2.1/x",
                           "https://[2001:db8::1]:443/x", "HTTPS://ops.example/"}) {
    EXPECT_TRUE(check_endpoint_url(good, false).ok()) << good;
  }
  EXPECT_TRUE(check_endpoint_url("http://127.0.0.1:9000/hook", true).ok());
}

TEST(WebhookEndpoint, MaskedAddressesHideWhatLetsOthersPost) {
  const auto masked = [](const char* url, Provider provider = Provider::generic) {
    WebhookEndpoint endpoint;
    endpoint.url = url;
    endpoint.provider = provider;
    return masked_url(endpoint);
  };
  EXPECT_EQ(masked("https://hooks.slack.com/services/T0/B0/secret"), "https://hooks.slack.com/***");
  EXPECT_EQ(masked("https://chat.example:8443/x/secret", Provider::mattermost),
            "https://chat.example:8443/***");
  EXPECT_EQ(masked("https://ops.example/hook"), "https://ops.example/hook");
  EXPECT_EQ(masked("https://ops.example/hook?token=secret"), "https://ops.example/hook?***");
}

}  // namespace
}  // namespace latchkey::webhooks
