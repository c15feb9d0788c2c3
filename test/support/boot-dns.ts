import { createSocket } from "node:dgram";
import { decodeQuestion, encodeAnswer } from "./netns-dns";

const AWS = ".amazonaws.com";

/** The VPC's resolver: names of the private zone as tests set them, and every name of AWS at one address. */
export function startResolver(
  address: string,
  aws: string,
  names: () => Readonly<Record<string, string>>,
): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const question = decodeQuestion(query);
    if (question === undefined) return;
    const found = names()[question.name] ?? (question.name.endsWith(AWS) ? aws : undefined);
    socket.send(encodeAnswer(query, question, found), from.port, from.address);
  });
  return new Promise((resolve) => socket.bind(53, address, resolve));
}
