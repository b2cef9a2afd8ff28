/** Where the projects that `Bug:` lines name keep their issues. */
const trackers: Readonly<Record<string, string>> = {
  OpenYurt: 'openyurtio/openyurt', KubeEdge: 'kubeedge/kubeedge', SuperEdge: 'superedge/superedge', flannel: 'flannel-io/flannel',
  Kubernetes: 'kubernetes/kubernetes', kubectl: 'kubernetes/kubectl', 'apiserver-network-proxy': 'kubernetes-sigs/apiserver-network-proxy',
  yamux: 'hashicorp/yamux', 'rust-yamux': 'libp2p/rust-yamux',
};

export interface TextPart {
  readonly text: string;
  readonly href?: string;
}

const pattern = new RegExp(`https?://[^\\s<>"')]*[^\\s<>"').,;:]|\\b(${Object.keys(trackers).join('|')}) #(\\d+)`, 'g');

/** Splits a sentence at the bugs that it cites, as `OpenYurt #2809`, and at addresses, and says where they lead. */
export function linkBugs(sentence: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const { 0: text, 1: project, 2: number, index } of sentence.matchAll(pattern)) {
    if (index > from) parts.push({ text: sentence.slice(from, index) });
    parts.push({ text, href: project === undefined ? text : `https://github.com/${trackers[project]}/issues/${number}` });
    from = index + text.length;
  }
  if (from < sentence.length) parts.push({ text: sentence.slice(from) });
  return parts;
}
