"""Before anything changes: whose account it is, and whether everything is there that the run needs."""

import os

import gwrun
from runbooks import CHANGE
from server import Server, answer, json_error, ok_json, xml_error
from terminal import TerminalCase

ROLLBACK = os.path.join(gwrun.SOURCE, "runbooks", "emergency_rollback.lua")
RED = "\x1b[1;31m"
ARN = "arn:aws:iam::111122223333:user/ana"
SCALE = CHANGE.replace("preflight = false", 'production = { "111122223333" }')
IDENTITY = answer(200, f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult><Arn>{ARN}</Arn><UserId>AIDA1</UserId><Account>111122223333</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>""")


def simulation(decision):
    return answer(200, f"""<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
  <SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults><member>
    <EvalActionName>ecs:UpdateService</EvalActionName><EvalResourceName>*</EvalResourceName>
    <EvalDecision>{decision}</EvalDecision></member></EvaluationResults></SimulatePrincipalPolicyResult>
</SimulatePrincipalPolicyResponse>""")


class Preflight(TerminalCase):
    def scale(self, *args, text=SCALE, env=None, **given):
        """One run against a server that answers these operations; its result, and what was asked for."""
        answers = {"GetCallerIdentity": IDENTITY, "SimulatePrincipalPolicy": simulation("allowed"),
                   "UpdateService": ok_json({"service": {}}), **given}
        with Server(lambda request: answers[request.operation]) as server:
            result = self.gwrun(self.write("scale.lua", text), "--yes", "--endpoint-url", server.url, *args,
                                env={**gwrun.KEYS, **(env or {})})
            return result, [request.operation for request in server.requests]

    def test_what_is_asked_before_the_change(self):
        result, asked = self.scale()
        self.assertEqual(result.code, gwrun.OK, result)
        self.assertEqual(asked, ["GetCallerIdentity", "SimulatePrincipalPolicy", "UpdateService"])
        self.assertIn(f"[x] account 111122223333, PRODUCTION: {ARN}, credentials from environment", result.out)

    def test_a_right_that_is_missing_stops_before_the_change(self):
        result, asked = self.scale(SimulatePrincipalPolicy=simulation("explicitDeny"))
        self.assertEqual(result.code, gwrun.CREDENTIALS, result)
        self.assertNotIn("UpdateService", asked)
        self.assertEqual(result.err, "gwrun: scale: preflight: not so: ecs:UpdateService is allowed: denied explicitly\n")

    def test_a_policy_simulator_that_does_not_answer_is_no_hindrance(self):
        for refusal in (xml_error("AccessDenied", "no", 403), answer(404, "not here"), answer(501)):
            result, asked = self.scale(SimulatePrincipalPolicy=refusal)
            self.assertEqual(result.code, gwrun.OK, result)
            self.assertIn("[?] the declared actions are allowed: iam:SimulatePrincipalPolicy: ", result.out)

    def test_a_key_that_aws_does_not_know_ends_it_as_credentials(self):
        result, asked = self.scale(GetCallerIdentity=xml_error("InvalidClientTokenId", "invalid token", 403))
        self.assertEqual((result.code, asked), (gwrun.CREDENTIALS, ["GetCallerIdentity"]), result)

    def test_who_is_not_aws_ends_it_as_unreachable(self):
        result, _ = self.scale(GetCallerIdentity=json_error("Nope"))
        self.assertEqual(result.code, gwrun.UNREACHABLE, result)

    def test_left_out_it_is_missed(self):
        result, asked = self.scale("--no-preflight")
        self.assertEqual((result.code, asked), (gwrun.OK, ["UpdateService"]), result)
        self.assertIn("! warning: no preflight: ", result.out)

    def test_production_is_what_runbook_or_environment_call_so(self):
        other = SCALE.replace("111122223333", "1")
        for text, env, expected in ((SCALE, {}, True), (other, {}, False),
                                    (other, {"GWRUN_PRODUCTION": "444455556666, 111122223333"}, True)):
            result, _ = self.scale("--output", "json", text=text, env=env)
            check = [event for event in result.events if event["event"] == "check"][0]
            self.assertEqual(("PRODUCTION" in check["text"], check.get("alert", False)), (expected, expected))

    def test_production_is_red_on_a_terminal_and_a_word_everywhere(self):
        terminal = self.terminal(ROLLBACK, "--sim")
        self.assertEqual(terminal.finish(), gwrun.OK, terminal.seen)
        self.assertIn(RED + "account 758888582357, PRODUCTION (simulated)", terminal.seen)


if __name__ == "__main__":
    gwrun.main()
