param name string
param planName string
param location string
param tags object
param identityId string
param identityClientId string
param applicationInsightsName string
param hostAccountName string
param deploymentContainerUrl string
param queuesUrl string
param tablesUrl string
param blobsUrl string
param exportsUrl string
param resellerName string
param billingRunSchedule string
param sweepSchedule string
param linkHours int
param vaultUrl string
param partnerTenantId string
param clientId string
param countries string
param billingCurrencies string
param syncTime string
param syncZone string
param syncSchedule string
param redemptionSchedule string
param unbilledLookbackDays int

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'python', version: '3.12' }
      scaleAndConcurrency: { instanceMemoryMB: 2048, maximumInstanceCount: 40 }
    }
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
    }
  }
}

// One whole object: what stands here replaces all settings of the app, a stray AzureWebJobsStorage included.
resource settings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'appsettings'
  properties: {
    AzureWebJobsStorage__accountName: hostAccountName
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    PRORATA_STORE: 'azure'
    PRORATA_TABLES_URL: tablesUrl
    PRORATA_BLOBS_URL: blobsUrl
    PRORATA_QUEUES_URL: queuesUrl
    PRORATA_EXPORTS_URL: exportsUrl
    PRORATA_IDENTITY_CLIENT_ID: identityClientId
    PRORATA_RESELLER_NAME: resellerName
    PRORATA_BILLING_RUN_SCHEDULE: billingRunSchedule
    PRORATA_SWEEP_SCHEDULE: sweepSchedule
    PRORATA_LINK_HOURS: string(linkHours)
    PRORATA_BASE_URL: 'https://${app.properties.defaultHostName}'
    PRORATA_VAULT_URL: vaultUrl
    PRORATA_PARTNER_TENANT_ID: partnerTenantId
    PRORATA_CLIENT_ID: clientId
    // A person puts one of the two into the vault; the app takes the other as not given.
    PRORATA_CLIENT_SECRET: '@Microsoft.KeyVault(SecretUri=${vaultUrl}secrets/client-secret)'
    PRORATA_CLIENT_CERTIFICATE: '@Microsoft.KeyVault(SecretUri=${vaultUrl}secrets/client-certificate)'
    PRORATA_COUNTRIES: countries
    PRORATA_BILLING_CURRENCIES: billingCurrencies
    PRORATA_SYNC_TIME: syncTime
    PRORATA_SYNC_ZONE: syncZone
    PRORATA_SYNC_SCHEDULE: syncSchedule
    PRORATA_REDEMPTION_SCHEDULE: redemptionSchedule
    PRORATA_UNBILLED_LOOKBACK_DAYS: string(unbilledLookbackDays)
  }
}

resource noFtpPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource noScmPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

output name string = app.name
output uri string = 'https://${app.properties.defaultHostName}'
