"""gwrun link: the line for an alert, as a shell takes it; what would be refused then is refused now."""

import shlex

import gwrun


class Link(gwrun.Case):
    def line(self, *args):
        result = self.gwrun("link", *args)
        self.assertEqual((result.code, result.err), (gwrun.OK, ""), result)
        return result.out

    def test_a_line_with_flags_quoted_for_a_shell(self):
        self.assertEqual(self.line("scale", "count=2", "--plan"), "gwrun scale --count=2 --plan\n")
        self.assertEqual(self.line("scale", "count=2", "target_group=arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b"),
                         "gwrun scale --count=2 --target-group=arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b\n")
        words = shlex.split(self.line("notify", "text=it's down; $(all)"))
        self.assertEqual(words, ["gwrun", "notify", "--text=it's down; $(all)"])

    def test_the_line_runs(self):
        words = shlex.split(self.line("service_status", "events=2", "--sim"))
        self.assertEqual(self.gwrun(*words[1:]).code, gwrun.PROBLEM)

    def test_secrets_stay_where_they_are(self):
        self.assertEqual(self.line("rotate_aws_keys", "github_token=prompt://"), "gwrun rotate_aws_keys --github-token=prompt://\n")
        result = self.gwrun("link", "rotate_aws_keys", "github_token=hunter2-hunter2")
        self.assert_ends(result, gwrun.USAGE, "'github_token' is a secret, and has no place in an alert: github_token=prompt:// asks for it")
        self.assertNotIn("hunter2", result.err)

    def test_what_would_be_refused(self):
        for args, message in ((["scale", "cuont=2"], "no parameter 'cuont', did you mean 'count'"),
                              (["scale", "count=two"], "count.*two"),
                              (["logs", "--since"], "'--since': expected NAME=VALUE, --plan or --sim"),
                              (["nowhere"], "nowhere"), ([], "which runbook")):
            with self.subTest(args):
                self.assert_ends(self.gwrun("link", *args), gwrun.USAGE, message)


if __name__ == "__main__":
    gwrun.main()
