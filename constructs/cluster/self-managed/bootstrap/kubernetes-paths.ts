/** Where things are on controllers; user data writes there, units and flags read there. */
export const KUBERNETES = "/etc/kubernetes";
/** Where a controller's certificates and keys are, put there by skyline-secrets.service. */
export const CONTROLLER_PKI = `${KUBERNETES}/pki`;
/** Socket of aws-encryption-provider. */
export const ENCRYPTION_SOCKET = "/run/aws-encryption-provider/socket.sock";
export const ENCRYPTION_CONFIGURATION = `${KUBERNETES}/encryption.yaml`;
export const AUDIT_POLICY = `${KUBERNETES}/audit-policy.yaml`;
export const AUTHENTICATION_CONFIGURATION = `${KUBERNETES}/authentication.yaml`;
export const ADMISSION_CONFIGURATION = `${KUBERNETES}/admission.yaml`;
export const AUTHENTICATOR_MAPPING = `${KUBERNETES}/authenticator.yaml`;
export const AUTHENTICATOR_WEBHOOK = `${KUBERNETES}/authenticator-webhook.yaml`;
/** Kubeconfig of one of the controller's own programs. */
export const kubeconfigOf = (program: string) => `${KUBERNETES}/${program}-kubeconfig.yaml`;
