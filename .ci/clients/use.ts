// Uses what openapi-typescript makes of the document, so that tsc looks at it.
import type { paths } from "./api";
type Record = paths["/v1/players/{id}"]["get"]["responses"][200]["content"]["application/json"];
const rank: (of: Record) => string = (of) => of.rank;
void rank;
