package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// document30 returns the document as OpenAPI 3.0.3, for generators of clients that do not
// read 3.1.
func document30(api *huma.OpenAPI) ([]byte, error) {
	text, err := api.Downgrade()
	if err != nil {
		return nil, fmt.Errorf("write as OpenAPI 3.0: %w", err)
	}
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("write as OpenAPI 3.0: %w", err)
	}
	withoutNullType(document)
	if text, err = json.Marshal(document); err != nil {
		return nil, fmt.Errorf("write as OpenAPI 3.0: %w", err)
	}
	return text, nil
}

// withoutNullType says nullable where a schema is one of another and null, for 3.0 has no
// type null; and it leaves out lists of examples, which 3.0 schemas do not have.
func withoutNullType(value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			withoutNullType(item)
		}
	case map[string]any:
		if choices, ok := value["anyOf"].([]any); ok {
			if others := withoutNull(choices); len(others) == 1 && len(choices) == 2 {
				delete(value, "anyOf")
				value["allOf"], value["nullable"] = others, true
			}
		}
		if _, isList := value["examples"].([]any); isList {
			delete(value, "examples")
		}
		for _, member := range value {
			withoutNullType(member)
		}
	}
}

func withoutNull(schemas []any) (others []any) {
	for _, schema := range schemas {
		if s, ok := schema.(map[string]any); !ok || s["type"] != "null" {
			others = append(others, schema)
		}
	}
	return others
}

func (s *Server) serveOpenAPI30(w http.ResponseWriter, r *http.Request) {
	document, err := s.openapi30()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeBody(w, http.StatusOK, typeJSON, document)
}
