#!/bin/sh
# Makes the certificate authorities of a fleet in a new folder, whole or not at all. See README.md.
#
#     root  ->  vehicles/issuer, the step-ca that certifies vehicles
#           ->  relays/issuer,   the step-ca that certifies relays
#
# usage: sh init.sh FOLDER
set -eu
umask 077

# Where vehicles, operators and relays reach the CAs. Further names, separated by spaces, go into CA_NAMES.
CA_HOST=${CA_HOST:-localhost}
CA_NAMES=${CA_NAMES:-127.0.0.1}
# host:port to listen on, for both CAs and for the vehicles' CRL over plain HTTP: it is signed.
VEHICLES_LISTEN=${VEHICLES_LISTEN:-:9443}
RELAYS_LISTEN=${RELAYS_LISTEN:-:9444}
CRL_LISTEN=${CRL_LISTEN:-:9480}
# The program step, 0.26 or newer.
STEP=${STEP:-step}

fail() {
  echo "Cannot make the certificate authorities: $1" >&2
  exit 1
}

[ $# -eq 1 ] || fail "usage: sh init.sh FOLDER"
templates=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$1")"
folder=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
case $folder in *[\"\\]*) fail "a quote or a backslash in $folder" ;; esac
[ ! -e "$folder" ] || fail "$folder is there already"
made=$folder.new
rm -rf "$made"
mkdir -p "$made/vehicles" "$made/relays"

for secret in root issuers admin; do
  "$STEP" crypto rand --format hex 48 >"$made/$secret.password"
done

# Validity: 20 years for what is pinned in vehicles, 10 for the issuers; keys are P-256, which every TLS stack takes.
"$STEP" certificate create "SystemScale root" "$made/root_ca.crt" "$made/root_ca.key" --profile root-ca \
  --kty EC --curve P-256 --not-after 175200h --password-file "$made/root.password"

issuer() { # NAME OPTIONS...
  name=$1
  shift
  "$STEP" certificate create "SystemScale $name" "$made/$name/issuer.crt" "$made/$name/issuer.key" "$@" \
    --ca "$made/root_ca.crt" --ca-key "$made/root_ca.key" --ca-password-file "$made/root.password" \
    --kty EC --curve P-256 --not-after 87600h --password-file "$made/issuers.password"
}
issuer vehicles --profile intermediate-ca
issuer relays --template "$templates/relay_issuer.tpl"

# The configuration of one step-ca. No certificate is valid for more than 30 days, whoever asks for it. A CRL that was
# held back is stale after an hour; step-ca makes a new one after 40 minutes, and at once when something is revoked.
configuration() { # NAME LISTEN
  cat <<JSON
{
  "root": "$folder/root_ca.crt",
  "crt": "$folder/$1/issuer.crt",
  "key": "$folder/$1/issuer.key",
  "address": "$2",
  "insecureAddress": "$3",
  "dnsNames": ["$CA_HOST"$(for name in $CA_NAMES; do printf ', "%s"' "$name"; done)],
  "logger": { "format": "json" },
  "db": { "type": "badgerv2", "dataSource": "$folder/$1/db", "badgerFileLoadingMode": "FileIO" },
  "crl": {
    "enabled": true,
    "generateOnRevoke": true,
    "cacheDuration": "1h",
    "idpURL": "$4"
  },
  "authority": {
    "claims": { "minTLSCertDuration": "5m", "defaultTLSCertDuration": "720h", "maxTLSCertDuration": "720h" },
    "provisioners": []
  },
  "tls": { "minVersion": 1.2, "maxVersion": 1.3 }
}
JSON
}
# A vehicle asks nobody for the CRL of relays: it pins their issuer. So that CRL is on the CA's own port alone.
configuration vehicles "$VEHICLES_LISTEN" "$CRL_LISTEN" "http://$CA_HOST:${CRL_LISTEN##*:}/1.0/crl" >"$made/vehicles/ca.json"
configuration relays "$RELAYS_LISTEN" "" "https://$CA_HOST:${RELAYS_LISTEN##*:}/1.0/crl" >"$made/relays/ca.json"

# One provisioner each to begin with: whoever has its password may have certificates made. No CA answers at the address
# given, so step writes into the configuration file.
provisioner() { # NAME TEMPLATE
  "$STEP" ca provisioner add admin --type JWK --create --password-file "$made/admin.password" --ssh=false \
    --x509-template "$templates/$2" --ca-config "$made/$1/ca.json" --ca-url https://127.0.0.1:1 --root "$made/root_ca.crt"
}
provisioner vehicles vehicle.tpl
provisioner relays relay.tpl

mv "$made" "$folder"
echo "Made in $folder. Now take root_ca.key and root.password off this machine: see README.md."
