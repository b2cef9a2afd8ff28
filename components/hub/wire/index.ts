export type { MediaRange } from './accept.ts';
export { maxObjectBytes, type ChangeType, type Codec, type ListHead, type ListReader, type StatusBody, type TypeMeta, type WatchFrame, type WatchReader, type WireObject } from './codec.ts';
export { BadRequestError, UnreadableAnswerError, type UnreadableCode } from './errors.ts';
export { jsonCodec } from './json/index.ts';
export { protobufCodec } from './protobuf/index.ts';
export { representationOfAnswer, representationsOf, type Representation } from './representation.ts';
export { parseRequest, type KubeRequest, type ListOptions, type Verb } from './request.ts';
export { compareResourceVersions } from './resource-version.ts';
