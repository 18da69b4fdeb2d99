import { greeting } from "./greeting.ts";

const text: string = greeting;
console.log(text);
