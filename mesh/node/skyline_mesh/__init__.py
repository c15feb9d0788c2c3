"""What a node of the mesh runs beside NGINX: it turns what Consul knows into a configuration that is in force."""
