{{- /* A relay's certificate: the names that vehicles dial, for a TLS server, and for nothing else. */ -}}
{
  "subject": { "commonName": {{ toJson .Subject.CommonName }} },
  "sans": {{ toJson .SANs }},
  "keyUsage": ["digitalSignature"],
  "extKeyUsage": ["serverAuth"],
  "basicConstraints": { "isCA": false }
}
