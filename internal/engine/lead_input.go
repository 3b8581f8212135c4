package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"nacre/internal/fault"
	"nacre/internal/lead"
	"nacre/internal/phone"
	"nacre/internal/zone"
)

// Limits of a lead (contract 0.6).
const (
	maxExternalID    = 512
	maxCallDataBytes = 32 << 10
	maxCallDataKeys  = 256
	maxCallDataKey   = 128
	// MaxLeads per Leads/Add, ids per delete list, entries per blacklist request.
	MaxLeads = 50_000
)

func parsePhone(faults *fault.List, path, text string, home phone.Home) phone.Number {
	if text == "" {
		faults.Add(path, "The PhoneNumber field is required.")
		return ""
	}
	number, err := phone.Parse(text, home)
	if err != nil {
		faults.Add(path, "%s", err)
	}
	return number
}

// parseZone returns the IANA key of a zone name; "" clears.
func parseZone(faults *fault.List, path, name string) (key string) {
	if name == "" {
		return ""
	}
	z, ok := zone.Parse(name)
	if !ok {
		faults.Add(path, "The value '%s' is no time zone: use a Windows time zone id or an IANA name.", clip(name))
		return ""
	}
	return z.IANA()
}

func checkExternalID(faults *fault.List, path, text string) {
	if utf8.RuneCountInString(text) > maxExternalID {
		faults.Add(path, "The field ExternalId must be a text of at most %d characters.", maxExternalID)
	}
}

// checkCallData judges an object as given; its bytes are kept as they are.
func checkCallData(faults *fault.List, path string, raw []byte) {
	if raw == nil {
		return
	}
	if len(raw) > maxCallDataBytes {
		faults.Add(path, "The object is %d bytes long as JSON; at most %d are allowed.", len(raw), maxCallDataBytes)
		return
	}
	keys, ok := objectKeys(raw)
	if !ok {
		faults.Add(path, "The value must be an object of variable id and value.")
		return
	}
	if len(keys) > maxCallDataKeys {
		faults.Add(path, "The object has %d keys; at most %d are allowed.", len(keys), maxCallDataKeys)
	}
	for _, key := range keys {
		if utf8.RuneCountInString(key) > maxCallDataKey {
			faults.Add(path, "The key '%s' is longer than %d characters.", clip(key), maxCallDataKey)
		}
	}
}

// objectKeys are the top-level keys of a JSON object. Every update of a lead comes through here, so values are passed
// over, not decoded.
func objectKeys(raw []byte) (keys []string, ok bool) {
	if !isObject(raw) || !json.Valid(raw) {
		return nil, false
	}
	depth, key := 0, false // key: the next text of the object is one
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '{', '[':
			depth++
			key = depth == 1
		case '}', ']':
			depth--
		case ',':
			key = depth == 1
		case '"':
			end, plain := textEnd(raw, i)
			if key {
				name := string(raw[i+1 : end])
				if !plain && json.Unmarshal(raw[i:end+1], &name) != nil {
					return nil, false
				}
				keys, key = append(keys, name), false
			}
			i = end
		}
	}
	return keys, true
}

// textEnd is where the JSON text that begins at start ends, at its closing quote; plain: it is what it says, without
// escapes and in ASCII.
func textEnd(raw []byte, start int) (end int, plain bool) {
	plain = true
	for end = start + 1; raw[end] != '"'; end++ {
		if raw[end] == '\\' {
			end++
			plain = false
		} else if raw[end] >= utf8.RuneSelf {
			plain = false
		}
	}
	return end, plain
}

// lead makes the lead to be stored out of what the caller wrote; prefix is "" or "Leads[3].".
func (n NewLead) lead(faults *fault.List, prefix string, home phone.Home) lead.Lead {
	l := lead.Lead{ExternalID: n.ExternalID, Zone: n.Zone, CallData: n.CallData}
	l.Phone = parsePhone(faults, prefix+"PhoneNumber", n.Phone, home)
	l.ZoneKey = parseZone(faults, prefix+"TimeZoneId", n.Zone)
	checkExternalID(faults, prefix+"ExternalId", n.ExternalID)
	checkCallData(faults, prefix+"CallData", n.CallData)
	return l
}

// patch makes a lead.Patch out of what the caller wrote. The number that the lead has is no change, whatever today's rules
// say of it: clients send back what they read.
func (u LeadUpdate) patch(home phone.Home, current lead.Lead) (lead.Patch, error) {
	var faults fault.List
	patch := lead.Patch{ExternalID: u.ExternalID, Zone: u.Zone, CallData: u.CallData}
	if u.Phone != nil {
		number := current.Phone
		if *u.Phone != string(current.Phone) {
			number = parsePhone(&faults, "PhoneNumber", *u.Phone, home)
		}
		patch.Phone = &number
	}
	if u.Zone != nil {
		patch.ZoneKey = parseZone(&faults, "TimeZoneId", *u.Zone)
	}
	if u.ExternalID != nil {
		checkExternalID(&faults, "ExternalId", *u.ExternalID)
	}
	if u.CallDataMerge != nil {
		merged, err := mergeObject(current.CallData, u.CallDataMerge)
		if err != nil {
			faults.Add("CallData", "The value must be an object of variable id and value (%s).", err)
		}
		patch.CallData = merged
	}
	checkCallData(&faults, "CallData", patch.CallData)
	if u.Status != nil {
		status := lead.Status(*u.Status)
		if !status.Settable() {
			faults.Add("Status", "The value '%d' is not allowed: set 1 (New), 10 (NeedRetry), 100 (Success), 110 (NotSuccessfull) or 130 (Completed).", *u.Status)
		}
		patch.Status = &status
	}
	return patch, faults.Err()
}

// mergeObject applies a JSON merge patch (RFC 7396) to an object, keeping the order of keys and every untouched value's bytes.
func mergeObject(target, patch json.RawMessage) (json.RawMessage, error) {
	keys, values, err := orderedObject(target)
	if err != nil {
		return nil, err
	}
	patchKeys, patchValues, err := orderedObject(patch)
	if err != nil {
		return nil, err
	}
	for _, key := range patchKeys {
		value := bytes.TrimSpace(patchValues[key])
		if string(value) == "null" {
			delete(values, key)
			continue
		}
		old, exists := values[key]
		if len(value) > 0 && value[0] == '{' {
			if !isObject(old) {
				old = nil // RFC 7396: merging into anything but an object starts from an empty one, which strips the patch's nulls
			}
			if value, err = mergeObject(old, value); err != nil {
				return nil, err
			}
		}
		if !exists {
			keys = append(keys, key)
		}
		values[key] = value
	}
	var out bytes.Buffer
	out.WriteByte('{')
	written := map[string]bool{}
	for _, key := range keys {
		value, known := values[key]
		if !known || written[key] {
			continue
		}
		if len(written) > 0 {
			out.WriteByte(',')
		}
		written[key] = true
		name, err := json.Marshal(key)
		if err != nil {
			return nil, fmt.Errorf("write key: %w", err)
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func isObject(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && raw[0] == '{'
}

// orderedObject reads an object with the order of its keys; of a key that comes twice the last value counts.
func orderedObject(raw json.RawMessage) (keys []string, values map[string]json.RawMessage, err error) {
	values = map[string]json.RawMessage{}
	if len(raw) == 0 {
		return nil, values, nil
	}
	keys, ok := objectKeys(raw)
	if !ok {
		return nil, nil, fmt.Errorf("the value is no object")
	}
	if err := json.Unmarshal(raw, &values); err != nil {
		return nil, nil, fmt.Errorf("read object: %w", err)
	}
	return keys, values, nil
}

// clip shortens a value that is repeated in an error text.
func clip(text string) string {
	const limit = 64
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit]) + "…"
}
