using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Images;

/// <summary>What the image starts, with a program in the place of dotnet that says what it was given.</summary>
public sealed class EntrypointTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly Tool _bash = Tool.Need("bash", "apt-get install bash");

    public EntrypointTests() => _scratch.Write("dotnet", "#!/bin/sh\nfor argument in \"$@\"; do echo \"argument $argument\"; done\nenv | grep ^PARCAE_\n", executable: true);

    [Fact]
    public void An_instance_is_named_after_its_container_and_knows_its_address()
    {
        var said = Run(new() { ["HOSTNAME"] = "localhost" }).Good().Output.Split('\n');
        Assert.Equal(["argument /app/Parcae.Silo.dll", "argument --role", "argument worker"], said[..3]);
        Assert.Contains("PARCAE_INSTANCE_ID=localhost", said);
        Assert.Contains("PARCAE_HOST=127.0.0.1", said);
    }

    [Fact]
    public void What_is_given_is_not_changed()
    {
        string said = Run(new() { ["PARCAE_INSTANCE_ID"] = "i-1", ["PARCAE_HOST"] = "192.0.2.1", ["PARCAE_REDIS"] = "redis:6379", ["PARCAE_REDIS_PASSWORD_FILE"] = "/run/secrets/redis_password" }).Good().Output;
        Assert.Contains("PARCAE_REDIS_PASSWORD_FILE=/run/secrets/redis_password\n", said, StringComparison.Ordinal);
        Assert.Contains("PARCAE_INSTANCE_ID=i-1\n", said, StringComparison.Ordinal);
        Assert.Contains("PARCAE_HOST=192.0.2.1\n", said, StringComparison.Ordinal);
        Assert.Contains("PARCAE_REDIS=redis:6379\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_name_without_an_address_is_said()
    {
        var result = Run(new() { ["HOSTNAME"] = "no-such-host.invalid" });
        Assert.Equal(2, result.Status);
        Assert.Contains("No IPv4 address is known for this container's host name 'no-such-host.invalid'", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    private Tool.Result Run(Dictionary<string, string> environment)
    {
        environment["PATH"] = $"{_scratch.Folder}:{Environment.GetEnvironmentVariable("PATH")}";
        // Bash sets HOSTNAME itself unless it is in the environment.
        return _bash.Run([Repository.Place("infra/image/entrypoint"), "--role", "worker"], environment);
    }
}
