# Conditions say regex_replace(…) == "", as Packer 1.6 has no other function that matches a pattern.

variable "version" {
  type        = string
  description = "Version of the images, which nothing overwrites: such as 1.35.4-1."
  validation {
    condition     = var.version != "" && regex_replace(var.version, "^[0-9]+\\.[0-9]+\\.[0-9]+-[0-9]+$", "") == ""
    error_message = "A version is three numbers, a dash and the number of the build, such as 1.35.4-1."
  }
}

variable "region" {
  type        = string
  description = "Region in which the images are built, and from which copy_regions get theirs."
}

variable "architecture" {
  type        = string
  default     = "amd64"
  description = "Architecture of the images, in Debian's words: amd64 or arm64."
  validation {
    condition     = contains(["amd64", "arm64"], var.architecture)
    error_message = "The architecture is amd64 or arm64."
  }
}

variable "debian_image" {
  type        = string
  description = "Name of Debian's image to start from, exactly: debian-12-amd64-20260101-1234. Newest is not a version."
  validation {
    condition     = var.debian_image != "" && regex_replace(var.debian_image, "^debian-12-(amd64|arm64)-[0-9]{8}-[0-9]+$", "") == ""
    error_message = "Name one image of Debian 12 exactly, such as debian-12-amd64-20260101-1234."
  }
}

variable "subnet_id" {
  type        = string
  description = "Subnet of the builder, from which it reaches the artefacts and Debian's mirror."
}

variable "artefacts_base_url" {
  type        = string
  default     = ""
  description = "Where artefacts come from instead of upstream. The controller and eks-worker images need it."
  validation {
    condition     = regex_replace(var.artefacts_base_url, "^https://.+$", "") == ""
    error_message = "The base URL begins with https://."
  }
}

variable "account_ids" {
  type        = list(string)
  default     = []
  description = "Accounts that may start nodes from the images. Never all."
}

variable "copy_regions" {
  type        = list(string)
  default     = []
  description = "Regions that get a copy."
}
