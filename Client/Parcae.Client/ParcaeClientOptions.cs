using Parcae.Grains;

namespace Parcae.Client;

/// <summary>Where a Parcae service is and how patiently to talk to it.</summary>
public sealed record ParcaeClientOptions
{
    /// <summary>
    /// The Redis that the service's silos meet in: <c>host:port</c>, or a full StackExchange.Redis configuration (<c>host:port,user=parcae,ssl=true</c>).
    /// The default value is <c>127.0.0.1:6379</c>.
    /// </summary>
    public string Redis { get; set; } = "127.0.0.1:6379";

    /// <summary>A file with the password of Redis and nothing else. The default value is null: <see cref="Redis"/> has it, or there is none.</summary>
    public string? RedisPasswordFile { get; set; }

    /// <summary>A PEM file with the authorities of Redis' certificate; TLS is spoken. The default value is null: those that this machine trusts.</summary>
    public string? RedisCa { get; set; }

    /// <summary>A PEM file with the certificate that is shown to Redis; TLS is spoken. The default value is null: none.</summary>
    public string? RedisCertificate { get; set; }

    /// <summary>A PEM file with the key of that certificate, without a password. The default value is null: the key is in the same file.</summary>
    public string? RedisKey { get; set; }

    /// <summary>
    /// Of a service that speaks TLS: a PEM file with a certificate of its authority, and those between them. The default value is null: no TLS.
    /// </summary>
    public string? TlsCertificate { get; set; }

    /// <summary>A PEM file with the key of that certificate, without a password. The default value is null: the key is in the same file.</summary>
    public string? TlsKey { get; set; }

    /// <summary>A PEM file with the certificate of the service's authority. The default value is null: no TLS.</summary>
    public string? TlsAuthority { get; set; }

    /// <summary>Orleans cluster id of the service. The default value is <c>parcae</c>.</summary>
    public string ClusterId { get; set; } = "parcae";

    /// <summary>Orleans service id of the service. The default value is <c>parcae</c>.</summary>
    public string ServiceId { get; set; } = "parcae";

    /// <summary>How long <see cref="ParcaeClient.ConnectAsync"/> keeps trying. The default value is 30 seconds.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one call may take before it counts as lost. The default value is 10 seconds.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a call is repeated while the service cannot be reached. The default value is 60 seconds. Every call of the SDK may be repeated without harm.</summary>
    public TimeSpan RetryFor { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the list of gateways is read again. The default value is 2 seconds.</summary>
    public TimeSpan GatewayRefresh { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The clock that retries and polls go by. The default value is the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>All of what is said of Redis.</summary>
    internal RedisConnection RedisConnection => new() { Address = Redis, PasswordFile = RedisPasswordFile, Ca = RedisCa, Certificate = RedisCertificate, Key = RedisKey };

    /// <summary>Which service is meant; without a password.</summary>
    public override string ToString() => $"{nameof(ParcaeClientOptions)} {{ {nameof(Redis)} = {RedisConnection}, {nameof(ClusterId)} = {ClusterId}, {nameof(ServiceId)} = {ServiceId} }}";
}
