# shellcheck shell=bash
# The vendor's Terraform provider: its own acceptance tests, and a configuration from apply to destroy.
# LATCHKEY_TEST_TERRAFORM_PROVIDER names its source; without it Go fetches the module.
# LATCHKEY_TEST_TERRAFORM_PROVIDER_OLD names the source of 0.28.0, from which some tests move.
# limit: 3000
demand go terraform
source_of() {
  local answer
  answer=$(GOTOOLCHAIN=auto bounded 120 go mod download -json "github.com/tailscale/terraform-provider-tailscale@$1" 2>/dev/null) || true
  sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' <<<"$answer"
}
provider=${LATCHKEY_TEST_TERRAFORM_PROVIDER:-$(source_of latest)}
if [[ -z $provider ]]; then
  skipped 1 "the provider's module could not be fetched"
  exit 0
fi
export OLD_PROVIDER_SOURCE=${LATCHKEY_TEST_TERRAFORM_PROVIDER_OLD:-$(source_of v0.28.0)}
[[ -n $OLD_PROVIDER_SOURCE ]] || unset OLD_PROVIDER_SOURCE
build release latchkey join_device
if ! bounded 2800 python3 "$ROOT/tests/interop/terraform/acceptance.py" "$provider" "$ROOT/build" "$WORK/terraform" >"$WORK/terraform.out" 2>&1; then
  failed 1 'the acceptance tests did not run'
  tail -n 40 "$WORK/terraform.out"
  exit 0
fi
read -r good bad off < <(tail -n 1 "$WORK/terraform.out")
passed "$good"
((off == 0)) || skipped "$off" "$(sed -n 's/^skip //p' "$WORK/terraform.out" | paste -sd ';')"
if ((bad > 0)); then
  failed "$bad" 'Terraform'
  grep -v '^skip ' "$WORK/terraform.out"
fi
