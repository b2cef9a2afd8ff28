/** What is missing, and what to do about it, in sentences for the user. */
export class SetupError extends Error {}
