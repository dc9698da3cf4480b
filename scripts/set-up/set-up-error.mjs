/** Something that a person has to mend; its message says what and how, so no stack is shown. */
export class SetUpError extends Error {}
