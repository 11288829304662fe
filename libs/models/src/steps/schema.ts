type JsonSchema = Readonly<Record<string, unknown>>;

/** An object in the subset of JSON schema that strict endpoints take: all properties required, no others allowed. */
export const objectSchema = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
