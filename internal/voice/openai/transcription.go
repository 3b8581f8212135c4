package openai

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"strings"

	"nacre/internal/call"
	"nacre/internal/provider"
	"nacre/internal/voice/resample"
	"nacre/internal/voice/utterance"
)

// Transcription configures NewRecognize.
type Transcription struct {
	Endpoint provider.Endpoint // up to /audio, as https://api.openai.com/v1
	Model    string
	Prompt   string // names and words to expect, for models that take it
	// Heard is told how many seconds were sent; ctx is that of the call. nil = nobody is told.
	Heard func(ctx context.Context, seconds float64)
}

const (
	sentRate    = 16_000   // what every server takes
	answerLimit = 64 << 10 // of the text of an utterance
)

// NewRecognize returns a recogniser of whole utterances.
func NewRecognize(config Transcription) utterance.Recognize {
	client := provider.NewClient(config.Endpoint)
	return func(ctx context.Context, u utterance.Utterance) (string, error) {
		body, contentType, err := form(config, u)
		if err != nil {
			return "", fmt.Errorf("write request to %s: %w", client.Name(), err)
		}
		header := authorization(config.Endpoint.Key)
		header.Set("Content-Type", contentType)
		answer, err := client.Post(ctx, "/audio/transcriptions", header, body)
		if err != nil {
			return "", err
		}
		defer answer.Close()
		answer.Progress()
		raw, err := io.ReadAll(io.LimitReader(answer, answerLimit+1))
		if err != nil {
			return "", err
		}
		var result struct {
			Text *string `json:"text"`
		}
		if len(raw) > answerLimit || json.Unmarshal(raw, &result) != nil || result.Text == nil {
			return "", answer.Broken("the answer is no transcription")
		}
		answer.Release()
		if config.Heard != nil {
			config.Heard(ctx, float64(len(u.Samples))/call.SampleRate)
		}
		return strings.TrimSpace(*result.Text), nil
	}
}

// form writes a request as multipart/form-data.
func form(config Transcription, u utterance.Utterance) (body []byte, contentType string, err error) {
	samples, err := resample.All(u.Samples, call.SampleRate, sentRate)
	if err != nil {
		return nil, "", err
	}
	var buffer bytes.Buffer
	w := multipart.NewWriter(&buffer)
	fields := [][2]string{{"model", config.Model}, {"response_format", "json"}, {"temperature", "0"}}
	if language, _, _ := strings.Cut(u.Language, "-"); language != "" {
		fields = append(fields, [2]string{"language", strings.ToLower(language)}) // ISO 639-1
	}
	if config.Prompt != "" {
		fields = append(fields, [2]string{"prompt", config.Prompt})
	}
	for _, field := range fields {
		if err := w.WriteField(field[0], field[1]); err != nil {
			return nil, "", err
		}
	}
	file, err := w.CreateFormFile("file", "speech.wav")
	if err != nil {
		return nil, "", err
	}
	if _, err := file.Write(wave(samples)); err != nil {
		return nil, "", err
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return buffer.Bytes(), w.FormDataContentType(), nil
}

// wave returns a WAVE file of one channel at sentRate.
func wave(samples []int16) []byte {
	le := binary.LittleEndian
	size := uint32(2 * len(samples))
	out := append(make([]byte, 0, 44+size), "RIFF"...)
	out = le.AppendUint32(out, 36+size)
	out = append(out, "WAVEfmt "...)
	out = le.AppendUint32(out, 16)
	out = le.AppendUint16(out, 1) // linear
	out = le.AppendUint16(out, 1) // channel
	out = le.AppendUint32(out, sentRate)
	out = le.AppendUint32(out, 2*sentRate)
	out = le.AppendUint16(out, 2)
	out = le.AppendUint16(out, 16)
	out = append(out, "data"...)
	out = le.AppendUint32(out, size)
	for _, s := range samples {
		out = le.AppendUint16(out, uint16(s))
	}
	return out
}
