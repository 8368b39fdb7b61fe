import { mapOf, message, text } from './builder.js';

const withDefault = message({ name: text, defaultValue: text });

/** Tags of spans by name, as MeshConfig has them. */
export const tracingTags = mapOf(
  message({ literal: message({ value: text }), environment: withDefault, header: withDefault }),
);

/** As Telemetry has them: one form more. */
export const telemetryTags = mapOf(
  message({
    literal: message({ value: text }),
    environment: withDefault,
    header: withDefault,
    formatter: message({ value: text }),
  }),
);
