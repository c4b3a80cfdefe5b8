targetScope = 'subscription'

@description('Name of the azd environment; it is part of the resource group name and seeds all other names.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of every resource. It must offer Flex Consumption with Python 3.12.')
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('The name that customers read on their invoices.')
@minLength(1)
param resellerName string

@description('When the monthly run starts, NCRONTAB in UTC. Microsoft publishes the invoice of a month by the 8th of the next.')
param billingRunSchedule string = '0 0 6 9 * *'

@description('When interrupted work is looked for and queued again, NCRONTAB in UTC.')
param sweepSchedule string = '0 */15 * * * *'

@description('Hours for which a download link works, six days at most: Azure ends the key that signs it after seven.')
@minValue(1)
@maxValue(144)
param linkHours int = 24

@description('Days after which an exported file is deleted. It can be exported again from the charge lines.')
@minValue(8)
@maxValue(365)
param exportRetentionDays int = 30

@description('The partner tenant: the directory in which the app is registered and whose customers are billed.')
param partnerTenantId string = ''

@description('The application id of the app registration, see docs/connect.md.')
param clientId string = ''

@description('Countries sold in, such as NL,DE; the currency of the first one leads.')
param countries string = ''

@description('Currencies that Microsoft bills in, such as EUR,USD.')
param billingCurrencies string = ''

@description('When the nightly sync begins, hh:mm in the zone of syncZone.')
param syncTime string = '09:00'

@description('Time zone of syncTime, by its name in the tz database.')
param syncZone string = 'Europe/Amsterdam'

@description('How often it is looked whether the sync is due, NCRONTAB in UTC.')
param syncSchedule string = '0 */15 * * * *'

@description('When the refresh token is redeemed, NCRONTAB in UTC. Microsoft forgets one that is unused for 90 days.')
param redemptionSchedule string = '0 30 3 * * 0'

@description('Days for which unbilled usage is read again, because Microsoft restates it.')
@minValue(0)
@maxValue(31)
param unbilledLookbackDays int = 5

var abbreviations = loadJsonContent('./abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var deploymentContainer = 'app-package'
var dataContainers = ['source-files', 'source-lines', 'charge-lines', 'synced']
var exportContainers = ['exports']
var queues = ['ingest', 'billing-chunks', 'billing-finalise', 'exports', 'sync', 'deliveries', 'hints']

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: '${abbreviations.resourceGroup}${environmentName}'
  location: location
  tags: tags
}

module identity 'app/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: '${abbreviations.identity}${token}'
    location: location
    tags: tags
  }
}

module monitoring 'app/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: '${abbreviations.logAnalytics}${token}'
    applicationInsightsName: '${abbreviations.applicationInsights}${token}'
    location: location
    tags: tags
  }
}

module hostStorage 'app/storage.bicep' = {
  name: 'host-storage'
  scope: group
  params: {
    name: '${abbreviations.storageAccount}host${token}'
    location: location
    tags: tags
    containers: [deploymentContainer]
    queues: queues
  }
}

module dataStorage 'app/storage.bicep' = {
  name: 'data-storage'
  scope: group
  params: {
    name: '${abbreviations.storageAccount}data${token}'
    location: location
    tags: tags
    containers: dataContainers
  }
}

module exportStorage 'app/storage.bicep' = {
  name: 'export-storage'
  scope: group
  params: {
    name: '${abbreviations.storageAccount}exports${token}'
    location: location
    tags: tags
    containers: exportContainers
    deleteAfterDays: exportRetentionDays
  }
}

module vault 'app/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: '${abbreviations.keyVault}${token}'
    location: location
    tags: tags
  }
}

module access 'app/rbac.bicep' = {
  name: 'access'
  scope: group
  params: {
    principalId: identity.outputs.principalId
    hostAccountName: hostStorage.outputs.name
    dataAccountName: dataStorage.outputs.name
    dataContainers: dataContainers
    exportAccountName: exportStorage.outputs.name
    exportContainers: exportContainers
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    vaultName: vault.outputs.name
  }
}

module api 'app/api.bicep' = {
  name: 'api'
  scope: group
  params: {
    name: '${abbreviations.functionApp}${token}'
    planName: '${abbreviations.plan}${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    hostAccountName: hostStorage.outputs.name
    deploymentContainerUrl: '${hostStorage.outputs.blobsUrl}${deploymentContainer}'
    queuesUrl: hostStorage.outputs.queuesUrl
    tablesUrl: dataStorage.outputs.tablesUrl
    blobsUrl: dataStorage.outputs.blobsUrl
    exportsUrl: exportStorage.outputs.blobsUrl
    resellerName: resellerName
    billingRunSchedule: billingRunSchedule
    sweepSchedule: sweepSchedule
    linkHours: linkHours
    vaultUrl: vault.outputs.uri
    partnerTenantId: partnerTenantId
    clientId: clientId
    countries: countries
    billingCurrencies: billingCurrencies
    syncTime: syncTime
    syncZone: syncZone
    syncSchedule: syncSchedule
    redemptionSchedule: redemptionSchedule
    unbilledLookbackDays: unbilledLookbackDays
  }
  dependsOn: [access] // the host reads its storage as soon as it starts
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_NAME string = api.outputs.name
output SERVICE_API_URI string = api.outputs.uri
output PRORATA_VAULT_NAME string = vault.outputs.name
output PRORATA_TABLES_URL string = dataStorage.outputs.tablesUrl
output PRORATA_BLOBS_URL string = dataStorage.outputs.blobsUrl
output PRORATA_QUEUES_URL string = hostStorage.outputs.queuesUrl
output PRORATA_EXPORTS_URL string = exportStorage.outputs.blobsUrl
