{{- /* The issuer of relays: whatever it signs is good for servers only, so no relay can be a vehicle. */ -}}
{
  "subject": {{ toJson .Subject }},
  "keyUsage": ["certSign", "crlSign"],
  "extKeyUsage": ["serverAuth"],
  "basicConstraints": { "isCA": true, "maxPathLen": 0 }
}
