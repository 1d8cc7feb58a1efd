package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	kubeconfigName = "kubeconfig"
	// certLife is longer than any test and short enough that a forgotten key
	// is worth nothing.
	certLife = 7 * 24 * time.Hour
)

// keys are the files by which the API server proves itself and knows its one
// user.
type keys struct {
	certFile, keyFile, tokenFile string
	cert                         []byte
	token                        string
}

// newKeys makes a self-signed certificate and a token below dir.
func newKeys(dir string) (*keys, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert, err := selfSigned(private)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return nil, err
	}
	k := &keys{
		certFile:  filepath.Join(dir, "apiserver.crt"),
		keyFile:   filepath.Join(dir, "apiserver.key"),
		tokenFile: filepath.Join(dir, "tokens.csv"),
		cert:      pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		token:     rand.Text(),
	}
	for file, data := range map[string][]byte{
		k.certFile:  k.cert,
		k.keyFile:   pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key}),
		k.tokenFile: []byte(k.token + `,admin,admin,"system:masters"` + "\n"),
	} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// selfSigned returns a certificate for 127.0.0.1 that is its own authority.
func selfSigned(key *ecdsa.PrivateKey) ([]byte, error) {
	now := time.Now() //nolint:forbidigo // a certificate is checked against the real time
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "controlplane"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(certLife),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true,
		BasicConstraintsValid: true,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:              []string{"localhost", "kubernetes.default.svc"},
	}
	return x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
}

// writeKubeconfig puts the file in place in one step, so that whoever waits for
// it never reads half of it.
func (k *keys) writeKubeconfig(dir, server string) error {
	const name = "controlplane"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: k.cert}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: k.token}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	part := filepath.Join(dir, kubeconfigName+".part")
	if err := clientcmd.WriteToFile(*config, part); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(dir, kubeconfigName))
}
