package rename

func addNetwork(table map[groupKind]spec) {
	nginx := `metadata.annotations["nginx.ingress.kubernetes.io/`
	ingress := spec{}.and(
		to(core, "Service", "spec.rules[*].http.paths[*].backend.service.name", "spec.rules[*].http.paths[*].backend.serviceName", "spec.defaultBackend.service.name", "spec.backend.serviceName",
			nginx+`default-backend"]`),
		refs("", "", "spec.rules[*].http.paths[*].backend.resource", "spec.defaultBackend.resource", "spec.backend.resource"),
		secrets("spec.tls[*].secretName"),
		at(qualifiedForm, target{core, "Secret"}, nginx+`auth-secret"]`, nginx+`auth-tls-secret"]`, nginx+`proxy-ssl-secret"]`),
		to("networking.k8s.io", "IngressClass", "spec.ingressClassName"),
	)
	table[groupKind{"networking.k8s.io", "Ingress"}] = ingress
	table[groupKind{"extensions", "Ingress"}] = ingress
	table[groupKind{"networking.k8s.io", "IngressClass"}] = refs("", "", "spec.parameters")
	// Its parent is told by resource and not by kind; it is a Service always.
	table[groupKind{"networking.k8s.io", "IPAddress"}] = refs(core, "Service", "spec.parentRef")
}

func addGateway(table map[groupKind]spec) {
	filter := refs(core, "Service", "requestMirror.backendRef", "externalAuth.backendRef").and(refs("", "", "extensionRef"))
	for _, kind := range []string{"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"} {
		table[groupKind{gateway, kind}] = refs(gateway, "Gateway", "spec.parentRefs[*]").and(
			refs(core, "Service", "spec.rules[*].backendRefs[*]"),
			filter.in("spec.rules[*].filters[*]"),
			filter.in("spec.rules[*].backendRefs[*].filters[*]"))
	}
	table[groupKind{gateway, "Gateway"}] = to(gateway, "GatewayClass", "spec.gatewayClassName").and(
		refs(core, "Secret", "spec.listeners[*].tls.certificateRefs[*]", "spec.backendTLS.clientCertificateRef", "spec.tls.backend.clientCertificateRef"),
		refs(core, "ConfigMap", "spec.listeners[*].tls.frontendValidation.caCertificateRefs[*]", "spec.tls.frontend.default.validation.caCertificateRefs[*]", "spec.tls.frontend.perPort[*].tls.validation.caCertificateRefs[*]"),
		refs("", "", "spec.infrastructure.parametersRef"))
	table[groupKind{gateway, "GatewayClass"}] = refs("", "", "spec.parametersRef")
	table[groupKind{gateway, "BackendTLSPolicy"}] = refs(core, "Service", "spec.targetRefs[*]", "spec.targetRef").and(
		refs(core, "ConfigMap", "spec.validation.caCertificateRefs[*]", "spec.tls.caCertRefs[*]"))
	table[groupKind{gateway, "BackendLBPolicy"}] = refs(core, "Service", "spec.targetRefs[*]")
	for _, kind := range []string{"ReferenceGrant", "ReferencePolicy"} {
		table[groupKind{gateway, kind}] = refs("", "", "spec.to[*]")
	}
}

func addAccess(table map[groupKind]spec) {
	const rbac = "rbac.authorization.k8s.io"
	old := "authorization" + openshift
	binding := refs("", "", "subjects[*]").and(accounts("subjects[*].name"))
	for _, kind := range []string{"RoleBinding", "ClusterRoleBinding"} {
		table[groupKind{rbac, kind}] = binding.and(refs("", "", "roleRef"))
		// Roles of OpenShift's own API are known by their namespace.
		table[groupKind{old, kind}] = binding.and(at(roleForm, target{}, "roleRef"), accounts("userNames[*]"))
	}
	for _, kind := range []string{"Role", "ClusterRole"} {
		rules := at(rulesForm, target{}, "rules")
		table[groupKind{rbac, kind}] = rules
		table[groupKind{old, kind}] = rules
	}
	table[groupKind{old, "RoleBindingRestriction"}] = refs(core, "ServiceAccount", "spec.serviceaccountrestriction.serviceaccounts[*]").and(
		to("user"+openshift, "User", "spec.userrestriction.users[*]"), to("user"+openshift, "Group", "spec.grouprestriction.groups[*]"))
	table[groupKind{"security" + openshift, "SecurityContextConstraints"}] = accounts("users[*]")
	table[groupKind{"certificates.k8s.io", "CertificateSigningRequest"}] = accounts("spec.username")
	table[groupKind{"flowcontrol.apiserver.k8s.io", "FlowSchema"}] = to("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "spec.priorityLevelConfiguration.name").and(
		refs(core, "ServiceAccount", "spec.rules[*].subjects[*].serviceAccount"), accounts("spec.rules[*].subjects[*].user.name"))
	table[groupKind{"user" + openshift, "Group"}] = to("user"+openshift, "User", "users[*]")
	table[groupKind{"user" + openshift, "Identity"}] = refs("user"+openshift, "User", "user")
	for _, kind := range []string{"OAuthClientAuthorization", "OAuthAccessToken", "OAuthAuthorizeToken", "UserOAuthAccessToken"} {
		// A service account may be a client, too.
		table[groupKind{"oauth" + openshift, kind}] = to("oauth"+openshift, "OAuthClient", "clientName").and(accounts("clientName"), to("user"+openshift, "User", "userName"))
	}
}

func addCluster(table map[groupKind]spec) {
	for _, kind := range []string{"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"} {
		table[groupKind{admission, kind}] = refs(core, "Service", "webhooks[*].clientConfig.service")
	}
	for _, kind := range []string{"ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"} {
		rules := at(rulesForm, target{}, "resourceRules", "excludeResourceRules")
		table[groupKind{admission, kind}] = rules.in("spec.matchConstraints")
		table[groupKind{admission, kind + "Binding"}] = rules.in("spec.matchResources").and(
			to(admission, kind, "spec.policyName"), at(unsureForm, target{}, "spec.paramRef.name"))
	}
	table[groupKind{"apiregistration.k8s.io", "APIService"}] = refs(core, "Service", "spec.service")
	table[groupKind{"apiextensions.k8s.io", "CustomResourceDefinition"}] = refs(core, "Service", "spec.conversion.webhook.clientConfig.service", "spec.conversion.webhookClientConfig.service")
	const resource = "resource.k8s.io"
	requests := to(resource, "DeviceClass", "devices.requests[*].deviceClassName", "devices.requests[*].exactly.deviceClassName", "devices.requests[*].firstAvailable[*].deviceClassName")
	table[groupKind{resource, "ResourceClaim"}] = requests.in("spec")
	table[groupKind{resource, "ResourceClaimTemplate"}] = requests.in("spec.spec")
	table[groupKind{resource, "ResourceSlice"}] = to(core, "Node", "spec.nodeName", "spec.devices[*].nodeName", "spec.devices[*].basic.nodeName")
	table[groupKind{resource, "DeviceTaintRule"}] = to(resource, "DeviceClass", "spec.deviceSelector.deviceClassName")
	table[groupKind{"coordination.k8s.io", "LeaseCandidate"}] = to("coordination.k8s.io", "Lease", "spec.leaseName")
}
