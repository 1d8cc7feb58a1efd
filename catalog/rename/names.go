package rename

import (
	"errors"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/syntax"
	"github.com/velero-krm/velero-krm/fn"
)

// rule is what an API server takes for the name of an object of a kind.
type rule uint8

const (
	// subdomain is for most kinds, and for all custom resources.
	subdomain rule = iota
	// label is for what becomes one label of a DNS name.
	label
	// segment is for kinds whose names need not be those of hosts.
	segment
	// repository is for what becomes a part of the name of an image.
	repository
	// anyCase is a subdomain that may have capitals.
	anyCase
)

// checkNames returns what is wrong with the names of an entry at a field. What
// is wrong would be written into every reference, and each of these objects would
// fail to be restored.
func (r Rename) checkNames(at string) error {
	var errs []error
	if !syntax.PathSegment(r.From) {
		errs = append(errs, fn.Invalid(at+".from", "is no name of an object", segmentHint))
	}
	if r.Namespace != "" && !syntax.Namespace(r.Namespace) {
		errs = append(errs, fn.Invalid(at+".namespace", "is no name of a Namespace", labelHint))
	}
	if hint := ruleOf(r.Group, r.Kind).refuses(r.To); hint != "" {
		errs = append(errs, fn.Invalid(at+".to", "is no name of a "+r.Kind, hint))
	}
	return errors.Join(errs...)
}

const (
	segmentHint = "no '/', '%' and white space, at most 253 characters"
	labelHint   = "lower case letters, digits and '-', at most 63 characters"
)

// refuses returns what a name must look like that the rule does not allow, and
// "" for one that it does.
func (r rule) refuses(name string) string {
	ok, hint := false, ""
	switch r {
	case label:
		ok, hint = syntax.Namespace(name), labelHint
	case segment:
		ok, hint = syntax.PathSegment(name), segmentHint
	case repository:
		// An underscore is the only thing more that it may have.
		ok, hint = syntax.Subdomain(strings.ReplaceAll(name, "_", "-")), "lower case letters, digits, '-', '_' and '.', at most 253 characters"
	case anyCase:
		ok, hint = syntax.Subdomain(strings.ToLower(name)), "letters, digits, '-' and '.', at most 253 characters"
	default:
		ok, hint = syntax.Subdomain(name), "lower case letters, digits, '-' and '.', at most 253 characters, letters or digits at both ends"
	}
	if ok {
		return ""
	}
	return hint
}

// exception is a kind of some groups whose names are not subdomains.
type exception struct {
	rule   rule
	groups []string
}

// exceptions are from the validation of each kind in Kubernetes 1.34 and in
// OpenShift 4.
func exceptions() map[string]exception {
	rbac := exception{segment, []string{"rbac.authorization.k8s.io", "authorization" + openshift}}
	users := exception{segment, []string{"user" + openshift}}
	oauth := exception{segment, []string{"oauth" + openshift}}
	images := exception{segment, []string{"image" + openshift}}
	return map[string]exception{
		"Service": {label, []string{core}},
		"Role":    rbac, "ClusterRole": rbac, "RoleBinding": rbac, "ClusterRoleBinding": rbac,
		// Anything may be the name of a request; a bundle has its signer and a colon in
		// its own; an address may be of IPv6; that of the core group ends in a dot.
		"CertificateSigningRequest": {segment, []string{"certificates.k8s.io"}},
		"ClusterTrustBundle":        {segment, []string{"certificates.k8s.io"}},
		"IPAddress":                 {segment, []string{"networking.k8s.io"}},
		"APIService":                {segment, []string{"apiregistration.k8s.io"}},
		"CSIDriver":                 {anyCase, []string{storage}},
		"User":                      users, "Group": users, "Identity": users, "UserIdentityMapping": users,
		"OAuthClient": oauth, "OAuthClientAuthorization": oauth,
		"OAuthAccessToken": oauth, "OAuthAuthorizeToken": oauth, "UserOAuthAccessToken": oauth,
		"Image": images, "ImageStreamTag": images, "ImageTag": images, "ImageStreamImage": images, "ImageSignature": images,
		"ImageStream": {repository, images.groups},
	}
}

// ruleOf returns the rule of a kind. The group may be empty for any: then the
// kind of Kubernetes or OpenShift counts.
func ruleOf(group, kind string) rule {
	if e, ok := exceptions()[kind]; ok && (group == "" || slices.Contains(e.groups, group)) {
		return e.rule
	}
	return subdomain
}
