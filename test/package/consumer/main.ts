import { App } from "cdktf";
import { environment } from "./environment";
import { addStacks } from "./stacks";

const app = new App();
addStacks(app, environment);
app.synth();
