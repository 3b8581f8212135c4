package sherpa

import (
	"fmt"

	"nacre/internal/speech/folder"
)

// text is a C string in Go's memory, which the collector does not move and keeps as long as the struct that it is in; nil is
// none.
type text *byte

func cString(s string) text {
	if s == "" {
		return nil
	}
	return &append([]byte(s), 0)[0]
}

// recognizerConfig is SherpaOnnxOfflineRecognizerConfig of c-api.h, with the alignment of C on 64-bit systems. Zero is the
// library's default everywhere.
type recognizerConfig struct {
	sampleRate, featureDim int32 // feat_config
	model                  modelConfig
	lmModel                text
	lmScale                float32
	decodingMethod         text
	maxActivePaths         int32
	hotwordsFile           text
	hotwordsScore          float32
	ruleFSTs, ruleFARs     text
	blankPenalty           float32
	homophones             [3]text // hr: dict_dir, lexicon, rule_fsts
	ctcGraph               text    // ctc_fst_decoder_config
	ctcMaxActive           int32
}

// modelConfig is SherpaOnnxOfflineModelConfig, with the structs of its families in line.
type modelConfig struct {
	transducer   struct{ encoder, decoder, joiner text }
	paraformer   text
	nemoCTC      text
	whisper      whisperConfig
	tdnn         text
	tokens       text
	threads      int32
	debug        int32
	provider     text
	modelType    text
	modelingUnit text
	bpeVocab     text
	telespeech   text
	senseVoice   struct {
		model, language text
		useITN          int32
	}
	moonshine    struct{ preprocessor, encoder, uncachedDecoder, cachedDecoder, mergedDecoder text }
	fireRed      struct{ encoder, decoder text }
	dolphin      text
	zipformerCTC text
	canary       struct {
		encoder, decoder, source, target text
		usePNC                           int32
	}
	wenetCTC    text
	omnilingual text
	medASR      text
	funASRNano  struct {
		encoderAdaptor, llm, embedding, tokenizer, systemPrompt, userPrompt text
		maxNewTokens                                                        int32
		temperature, topP                                                   float32
		seed                                                                int32
		language                                                            text
		itn                                                                 int32
		hotwords                                                            text
	}
	fireRedCTC text
	qwen3      struct {
		convFrontend, encoder, decoder, tokenizer text
		maxTotalLen, maxNewTokens                 int32
		temperature, topP                         float32
		seed                                      int32
		hotwords                                  text
	}
	cohere struct {
		encoder, decoder, language text
		usePunct, useITN           int32
	}
}

type whisperConfig struct {
	encoder, decoder, language, task                            text
	tailPaddings, enableTokenTimestamps, enableSegmentTimestamp int32
}

// configure returns the config of a recogniser, to run in so many threads. language is what it is spoken to in ("" = it finds
// out), for the kinds that are told.
func configure(r folder.Recognizer, threads int, language string) (*recognizerConfig, error) {
	c := &recognizerConfig{decodingMethod: cString("greedy_search")}
	m := &c.model
	m.tokens, m.threads, m.provider = cString(r.Path(folder.Tokens)), int32(threads), cString("cpu")
	file := func(role folder.Role) text { return cString(r.Path(role)) }
	switch r.Kind {
	case folder.Whisper:
		m.whisper = whisperConfig{encoder: file(folder.Encoder), decoder: file(folder.Decoder), language: cString(language), task: cString("transcribe")}
	case folder.Moonshine:
		m.moonshine.preprocessor, m.moonshine.encoder = file(folder.Preprocessor), file(folder.Encoder)
		m.moonshine.uncachedDecoder, m.moonshine.cachedDecoder, m.moonshine.mergedDecoder = file(folder.UncachedDecoder), file(folder.CachedDecoder), file(folder.MergedDecoder)
	case folder.Transducer, folder.NeMoTransducer:
		m.transducer.encoder, m.transducer.decoder, m.transducer.joiner = file(folder.Encoder), file(folder.Decoder), file(folder.Joiner)
		m.modelType = cString("transducer")
		if r.Kind == folder.NeMoTransducer {
			m.modelType = cString("nemo_transducer")
		}
	case folder.SenseVoice:
		m.senseVoice.model, m.senseVoice.language, m.senseVoice.useITN = file(folder.Model), cString(language), 1 // figures as figures
	case folder.NeMoCTC:
		m.nemoCTC = file(folder.Model)
	case folder.Paraformer:
		m.paraformer = file(folder.Model)
	case folder.ZipformerCTC:
		m.zipformerCTC = file(folder.Model)
	default:
		return nil, fmt.Errorf("recognisers of kind %q are not known", r.Kind)
	}
	return c, nil
}
