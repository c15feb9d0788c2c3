locals {
  # Debian's own account: images of the same name in other accounts are not Debian's.
  debian_account = "136693071363"
  builder_type   = { amd64 = "c7i.large", arm64 = "c7g.large" }
  ec2_name       = { amd64 = "x86_64", arm64 = "arm64" }
  tags = {
    "skyline:version" = var.version
    "skyline:base"    = var.debian_image
  }
}

source "amazon-ebs" "debian" {
  region        = var.region
  subnet_id     = var.subnet_id
  instance_type = local.builder_type[var.architecture]
  ssh_username  = "admin"
  ssh_interface = "private_ip"

  source_ami_filter {
    owners = [local.debian_account]
    filters = {
      name                = var.debian_image
      architecture        = local.ec2_name[var.architecture]
      virtualization-type = "hvm"
    }
  }

  # Images hold no secret. A cluster's own role launches its nodes and has no right on any key but the cluster's, which
  # encrypts their volumes by their launch template: an image under another key would start nowhere.
  encrypt_boot = false
  ami_users    = var.account_ids
  ami_regions  = var.copy_regions
  ena_support  = true

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_type           = "gp3"
    volume_size           = 16
    iops                  = 3000
    throughput            = 125
    delete_on_termination = true
  }

  run_tags = { Name = "skyline image builder" }
}

build {
  source "amazon-ebs.debian" {
    name            = "etcd"
    ami_name        = "skyline-etcd-${var.version}-${var.architecture}"
    ami_description = "Skyline etcd ${var.version} on ${var.debian_image}"
    tags            = merge(local.tags, { "skyline:role" = "etcd" })
    snapshot_tags   = merge(local.tags, { "skyline:role" = "etcd" })
  }

  source "amazon-ebs.debian" {
    name            = "controller"
    ami_name        = "skyline-controller-${var.version}-${var.architecture}"
    ami_description = "Skyline controller ${var.version} on ${var.debian_image}"
    tags            = merge(local.tags, { "skyline:role" = "controller" })
    snapshot_tags   = merge(local.tags, { "skyline:role" = "controller" })
  }

  source "amazon-ebs.debian" {
    name            = "worker"
    ami_name        = "skyline-worker-${var.version}-${var.architecture}"
    ami_description = "Skyline worker ${var.version} on ${var.debian_image}"
    tags            = merge(local.tags, { "skyline:role" = "worker" })
    snapshot_tags   = merge(local.tags, { "skyline:role" = "worker" })
  }

  source "amazon-ebs.debian" {
    name            = "eks-worker"
    ami_name        = "skyline-eks-worker-${var.version}-${var.architecture}"
    ami_description = "Skyline eks-worker ${var.version} on ${var.debian_image}"
    tags            = merge(local.tags, { "skyline:role" = "eks-worker" })
    snapshot_tags   = merge(local.tags, { "skyline:role" = "eks-worker" })
  }

  source "amazon-ebs.debian" {
    name            = "gateway"
    ami_name        = "skyline-gateway-${var.version}-${var.architecture}"
    ami_description = "Skyline gateway ${var.version} on ${var.debian_image}"
    tags            = merge(local.tags, { "skyline:role" = "gateway" })
    snapshot_tags   = merge(local.tags, { "skyline:role" = "gateway" })
  }

  # The builder answers to IMDSv2 alone, before anything runs on it. Packer 1.6 has no option for it. What is started
  # from an image does so as well: publish.mjs says so to EC2.
  provisioner "shell-local" {
    inline = [
      "aws ec2 modify-instance-metadata-options --region ${var.region} --instance-id ${build.ID} --http-tokens required --http-put-response-hop-limit 1",
    ]
  }

  # cloud-init of the builder runs apt as well.
  provisioner "shell" {
    inline = ["cloud-init status --wait", "sudo apt-get update -q", "sudo apt-get install -qy python3-apt"]
  }

  provisioner "ansible" {
    playbook_file    = "${path.root}/../ansible/image.yml"
    user             = "admin"
    use_proxy        = false
    ansible_env_vars = ["ANSIBLE_CONFIG=${path.root}/../ansible/ansible.cfg"]
    extra_arguments = [
      "--become",
      "--extra-vars", "image_role=${source.name} image_architecture=${var.architecture}",
      "--extra-vars", "artefacts_base_url=${var.artefacts_base_url}",
    ]
  }

  provisioner "shell" {
    script          = "${path.root}/clean.sh"
    execute_command = "sudo bash {{ .Path }}"
    # It removes itself, and after it there is no user who could.
    skip_clean = true
  }

  # What publish.mjs reads.
  post-processor "manifest" {
    output = "${path.root}/manifest.json"
    custom_data = {
      role         = "${source.name}"
      version      = var.version
      architecture = var.architecture
    }
  }
}
