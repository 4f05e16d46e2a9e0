// SPDX-License-Identifier: Apache-2.0

/// Answers as STS documents them (API reference, "AssumeRole", "GetCallerIdentity", "Common Error Types").
enum STSAnswers {
    static func credentials(
        _ action: String = "AssumeRole", key: String = "ASIAEXAMPLE000000003", secret: String = "CANARY-secret/+=",
        expiration: String = "2026-01-01T01:05:00Z"
    ) -> String {
        """
        <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <\(action)Result>
            <AssumedRoleUser><AssumedRoleId>AROA:postern</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/uploads/postern</Arn></AssumedRoleUser>
            <Credentials>
              <AccessKeyId>\(key)</AccessKeyId>
              <SecretAccessKey>\(secret)</SecretAccessKey>
              <SessionToken>CANARY-token//==</SessionToken>
              <Expiration>\(expiration)</Expiration>
            </Credentials>
            <PackedPolicySize>6</PackedPolicySize>
          </\(action)Result>
          <ResponseMetadata><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ResponseMetadata>
        </\(action)Response>
        """
    }

    static func refusal(_ code: String) -> String {
        """
        <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <Error><Type>Sender</Type><Code>\(code)</Code><Message>CANARY &lt;b&gt;</Message></Error>
          <RequestId>c6104cbe</RequestId>
        </ErrorResponse>
        """
    }

    static let identity = """
        <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <GetCallerIdentityResult>
            <Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AIDAEXAMPLE</UserId><Account>123456789012</Account>
          </GetCallerIdentityResult>
          <ResponseMetadata><RequestId>01234567</RequestId></ResponseMetadata>
        </GetCallerIdentityResponse>
        """
}
