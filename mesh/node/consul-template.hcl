# consul-template of a node of the mesh. It writes what Consul knows to a staging folder; skyline-apply and skyline-mirror
# do the rest. A template: Skyline fills in the capital words between pairs of at signs. The environment's name and the role
# come as SKYLINE_ENVIRONMENT and SKYLINE_ROLE.

consul {
  address    = "@@CONSUL@@"
  token_file = "@@TOKEN_FILE@@"

  # 0 is without end: the default ends the process after twelve tries.
  retry {
    attempts    = 0
    backoff     = "250ms"
    max_backoff = "10s"
  }

  # One watch a service: with fewer idle connections than watches each answer would cost a new connection.
  transport {
    max_idle_conns_per_host = 20000
  }
}

# Answers are good without a leader too: the last known routes are better than none.
max_stale        = "10m"
block_query_wait = "60s"
log_level        = "warn"

# The commands always exit with 0: any other end, or a timeout, would end consul-template. They end by themselves long
# before the timeout. NGINX is a unit of its own and not run from here (exec), so that it starts with Consul down.

# Before the catalogue, and without a wait: the dial is written as soon as it changes.
template {
  source           = "@@CODE@@/dial.ctmpl"
  destination      = "@@STATE@@/staging/dial.jsonl"
  create_dest_dirs = true
  error_fatal      = false
  perms            = 0640

  exec {
    command = ["@@CODE@@/skyline-apply", "--node", "@@NODE@@"]
    timeout = "120s"
  }
}

# Of the others a single change waits for min; a storm is gathered until max.

template {
  source           = "@@CODE@@/catalogue.ctmpl"
  destination      = "@@STATE@@/staging/catalogue.jsonl"
  create_dest_dirs = true
  error_fatal      = false
  perms            = 0640

  wait {
    min = "200ms"
    max = "2s"
  }

  exec {
    command = ["@@CODE@@/skyline-apply", "--node", "@@NODE@@"]
    timeout = "120s"
  }
}

template {
  source           = "@@CODE@@/files.ctmpl"
  destination      = "@@STATE@@/staging/files.jsonl"
  create_dest_dirs = true
  error_fatal      = false
  perms            = 0640

  wait {
    min = "200ms"
    max = "2s"
  }

  exec {
    command = ["@@CODE@@/skyline-mirror", "--node", "@@NODE@@"]
    timeout = "120s"
  }
}
