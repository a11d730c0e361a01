#!/usr/bin/env bash
# The whole story, against a running demo, with curl and jq:
#
#   bash docs/journey.sh [ADDRESS] [DATA_DIR]
#
# ADDRESS is where the demo listens (http://127.0.0.1:8080), DATA_DIR its data directory (.demo): the letters to
# organisations without an account are files in DATA_DIR/mail. Ends with 0 when every step went as told.
set -euo pipefail
base=${1:-http://127.0.0.1:8080}
data=${2:-.demo}
api=$base/api/v1
# Days are those of Québec, as relais counts them; the rule of its clock is written out, for machines without zone names.
today=$(TZ=EST5EDT,M3.2.0,M11.1.0 date +%Y-%m-%d)
from=$(date -u -d "${today%-*}-01 -14 months" +%Y-%m)
to=${today%-*}
wait_s_max=20

[ -d "$data" ] || { echo "journey: $data is not the demo's data directory" >&2; exit 1; }

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() { echo "journey: $*" >&2; exit 1; }

# call METHOD PATH [BODY] [HEADER ...]: prints the answer; any status but 2xx ends the journey.
call() {
  local method=$1 path=$2 body=${3:-} out status
  shift $(($# < 3 ? $# : 3))
  local arguments=(-sS -X "$method" -H "Authorization: Bearer $token" -w '\n%{http_code}')
  [ -n "$body" ] && arguments+=(-H 'Content-Type: application/json' --data "$body")
  for header in "$@"; do arguments+=(-H "$header"); done
  out=$(curl "${arguments[@]}" "$api$path")
  status=${out##*$'\n'}
  [[ $status == 2* ]] || fail "$method $path answered $out"
  printf '%s' "${out%$'\n'*}"
}

sign_in() {
  curl -sS -f "$api/auth/token" -d grant_type=password --data-urlencode "username=$1@demo.relais.example" \
    -d password=relais-demo | jq -r .access_token
}

# letters_to REFERRAL... : waits for a letter newer than the mark, prints its path.
newest_letter() {
  local mark=$1 found waited=0
  while :; do
    found=$(find "$data/mail" -name '*.eml' -newer "$mark" 2>/dev/null | head -1)
    [ -n "$found" ] && { echo "$found"; return; }
    [ $((waited += 1)) -gt $((wait_s_max * 5)) ] && fail "no letter came in $wait_s_max s"
    sleep 0.2
  done
}

# A letter's text, with the soft line breaks of quoted-printable taken out.
text_of() { tr -d '\r' <"$1" | sed -e ':a' -e '/=$/{N;s/=\n//;ba' -e '}'; }

figures() {
  call GET "/reports/portrait?from=$from&to=$to" >"$work/portrait-$1.json"
  call GET "/reports/unmet-needs?from=$from&to=$to" >"$work/unmet-$1.json"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "1. La travailleuse se connecte / The worker signs in"
token=$(sign_in worker)
call GET /me | jq -c '{email, memberships}'
figures before

say "2. Elle cherche près de la famille / She searches near the family"
call GET "/search?q=aide+alimentaire&near=Longueuil&radius_km=25&sort=distance&limit=20" >"$work/search.json"
jq -c '.results[:5][] | {name, distance_km, open_now, organization: .organization.name}' "$work/search.json"
[ "$(jq '.results | length' "$work/search.json")" -gt 0 ] || fail "nothing was found near Longueuil"

say "3. Elle ouvre un dossier sans nom / She opens a file without a name"
born=$(date -u -d "$today -30 months" +%Y-%m)
family=$(call POST /families "$(jq -n --arg born "$born" --arg day "$today" '{
  municipality_id: "municipality:58227", contact_origin: "park", first_contact_on: $day, language: "fr",
  children: [{born_in: $born}],
  observations: [{kind: "isolated", value: true, observed_on: $day},
                 {kind: "family_type", value: "single_parent", observed_on: $day}]}')")
family_id=$(jq -r .id <<<"$family")
call PUT "/families/$family_id/identity" '{"parent_names": ["Camille Fictive"], "phones": ["450-555-0142"]}' >/dev/null
need_id=$(call POST /needs "$(jq -n --arg f "$family_id" '{family_id: $f, category: "food/food-bank"}')" | jq -r .id)
echo "family $family_id, need $need_id"

say "4. Elle note un besoin que personne ne comble / She records a need that nobody meets"
call POST /needs "$(jq -n --arg f "$family_id" '{family_id: $f, category: "transport/accompanied-ride"}')" >"$work/need2.json"
call POST "/needs/$(jq -r .id "$work/need2.json")/outcomes" '{"status": "unmet", "reason": "no_service"}' |
  jq -c '{id, status, unmet_reason}'

say "5. Elle recueille le consentement et envoie / She takes consent and sends"
sent=
while read -r service_id organization_id; do
  mark=$work/mark; touch "$mark"; sleep 0.05
  end=$(date -u -d "$today +6 months" +%Y-%m-%d)
  call POST /consents "$(jq -n --arg f "$family_id" --arg o "$organization_id" --arg e "$end" '{
    family_id: $f, organization_id: $o, purpose: "referral", fields: ["parent_names", "phones"], language: "fr",
    given_by: "parent", method: "written", ends_on: $e}')" >/dev/null
  referral=$(call POST /referrals "$(jq -n --arg n "$need_id" --arg s "$service_id" '{
    need_id: $n, service_id: $s, shares_identity: true, status: "sent",
    message: "Une mère et son enfant, sans voiture."}')")
  [ "$(jq -r .status <<<"$referral")" = sent ] || { echo "$referral" | jq -c '{status}'; continue; }
  sent=$(jq -r .id <<<"$referral")
  break
done < <(jq -r '.results[] | "\(.service_id) \(.organization.id)"' "$work/search.json")
[ -n "$sent" ] || fail "no referral could be sent"
echo "referral $sent"

say "6. L'organisme, sans compte, reçoit une lettre / The organisation, without an account, gets a letter"
letter=$(newest_letter "$mark")
link=$(text_of "$letter" | grep -oE 'https?://[^ ]+/r/[A-Za-z0-9_-]+' | head -1)
path=/r/${link##*/r/}
page=$(curl -sS -f "$base$path")
grep -q 'Camille' <<<"$page" && fail "the page before the answer names the family"
echo "the page shows the need and no name"

say "7. Il accepte, avec neuf places / It accepts, with nine places"
curl -sS -f -o /dev/null -X POST "$base$path/answer" -d answer=accept -d places_available=9
touch "$mark"; sleep 0.05
curl -sS -f -o /dev/null -X POST "$base$path/code" -d lang=fr
code=$(text_of "$(newest_letter "$mark")" | grep -oE '\b[0-9]{6}\b' | head -1)
curl -sS -f -X POST "$base$path/identity" -d lang=fr -d "code=$code" | grep -q 'Camille Fictive' ||
  fail "the code does not show the family's contact"
echo "identity appears behind the code sent to the verified address"
service_id=$(call GET "/referrals/$sent" | jq -r .service.id)
call GET "/services/$service_id" | jq -c '{name, capacity, assured_date}'

say "8. Le service est rendu; le suivi est noté / The service is given; the follow-up is recorded"
for to_status in in_service completed; do
  version=$(call GET "/referrals/$sent" | jq -r .version)
  call POST "/referrals/$sent/transitions" \
    "$(jq -n --arg to "$to_status" '{to: $to, on_behalf: true, informant_function: "coordination"}')" \
    "If-Match: \"$version\"" "Idempotency-Key: journey-$sent-$to_status" | jq -c '{status, version}'
done
follow_up=$(call GET '/follow_ups?status=due&limit=200' |
  jq -r --arg need "$need_id" '[.results[] | select(.need_id == $need)][0].id')
[ "$follow_up" != null ] || fail "no follow-up is due for the need"
call POST "/follow_ups/$follow_up/completion" '{"status": "met"}' | jq -c '{id, status}'
call GET "/needs/$need_id" | jq -c '{id, status}'

say "9. Le portrait et les besoins non comblés ont changé / The portrait and the unmet needs have changed"
figures after
changed() { { diff <(jq -c "$3" "$1") <(jq -c "$3" "$2") || true; } | grep '^[<>]'; }
changed "$work/portrait-before.json" "$work/portrait-after.json" '.figures[] | [.label, .area, .word, .value]' ||
  fail "the portrait did not change"
changed "$work/unmet-before.json" "$work/unmet-after.json" '.lines[] | [.region, .category, .recorded, .met, .unmet]' ||
  fail "the unmet needs did not change"

say "10. La table voit les chiffres, et aucune famille / The table sees the figures, and no family"
token=$(sign_in table)
call GET "/reports/portrait" | jq -c '.report.parameters'
status=$(curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" "$api/families/$family_id")
[[ $status == 403 || $status == 404 ]] || fail "the table may not read a family, and got $status"
echo "families: $status"
say "Fin / Done"
