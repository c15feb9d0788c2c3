# consul-template of a gateway: renders the services that Consul knows into a staging folder.

consul {
  address    = "127.0.0.1:8500"
  token_file = "/etc/skyline/consul-template.token"

  # 0 is without end: the default ends the process after twelve tries.
  retry {
    attempts    = 0
    backoff     = "250ms"
    max_backoff = "30s"
  }
}

# Answers are good without a leader too: the last known routes are better than none.
max_stale        = "10m"
block_query_wait = "60s"
log_level        = "info"

wait {
  min = "1s"
  max = "10s"
}

template {
  source               = "/etc/skyline/mesh/services.ctmpl"
  destination          = "/var/lib/skyline/mesh/staging/services.txt"
  create_dest_dirs     = true
  error_on_missing_key = true
  perms                = 0640
}
