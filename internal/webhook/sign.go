package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/id"
)

// signature is the value of webhook-signature: one signature per secret that is valid now, the newest first, separated
// by a space (Standard Webhooks, "Signature scheme"). "" without any secret.
func signature(hooks campaign.Webhooks, delivery id.ID, at time.Time, body []byte) string {
	var signatures []string
	for _, secret := range secrets(hooks, at) {
		mac := hmac.New(sha256.New, secretKey(secret))
		mac.Write([]byte(string(delivery) + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(signatures, " ")
}

func secrets(hooks campaign.Webhooks, at time.Time) []string {
	var valid []string
	if hooks.Secret != "" {
		valid = append(valid, hooks.Secret)
	}
	if hooks.OldSecret != "" && at.Before(hooks.OldSecretUntil) {
		valid = append(valid, hooks.OldSecret)
	}
	return valid
}

// secretKey is the key behind "whsec_" and base64; text that is not of this form is the key itself.
func secretKey(secret string) []byte {
	if encoded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		if key, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return key
		}
	}
	return []byte(secret)
}
