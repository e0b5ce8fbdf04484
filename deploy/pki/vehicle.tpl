{{- /* A vehicle's certificate: its id as common name and as URI, for logging in as a client, and for nothing else.
       What a relay would refuse (see proto/base/certificate.ts) is refused here, where somebody can still read why. */ -}}
{{- $id := .Subject.CommonName -}}
{{- $key := .Insecure.CR.PublicKey -}}
{{- if not (regexMatch "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$" $id) -}}
  {{- fail (printf "%q is not a vehicle id" $id) -}}
{{- end -}}
{{- if not (typeIs "ed25519.PublicKey" $key) -}}
  {{- if not (typeIs "*ecdsa.PublicKey" $key) -}}{{- fail "the key is neither Ed25519 nor P-256" -}}{{- end -}}
  {{- if ne $key.Params.Name "P-256" -}}{{- fail "the key is neither Ed25519 nor P-256" -}}{{- end -}}
{{- end -}}
{
  "subject": { "commonName": {{ toJson $id }} },
  "uris": [{{ toJson (printf "systemscale://vehicle/%s" $id) }}],
  "keyUsage": ["digitalSignature"],
  "extKeyUsage": ["clientAuth"],
  "basicConstraints": { "isCA": false }
}
