using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Shell;

/// <summary>Every shell script of the repository.</summary>
public sealed class ShellTests
{
    [Fact]
    public void Shellcheck_has_nothing_to_say_of_any_script()
    {
        var shellcheck = Tool.Need("shellcheck", "apt-get install shellcheck");
        string[] scripts = [.. Scripts()];
        Assert.Contains(".ci/run", scripts);
        Assert.Contains("infra/terraform/aws/bootstrap.sh", scripts);
        shellcheck.Run(["--severity=style", .. scripts], folder: Repository.Root).Good();
    }

    [Fact]
    public void Every_script_can_be_run()
    {
        foreach (string script in Scripts().Where(s => !s.EndsWith(".sh", StringComparison.Ordinal)))
            Assert.True(File.GetUnixFileMode(Repository.Place(script)).HasFlag(UnixFileMode.UserExecute), $"{script} is not executable");
    }

    // By their first line, as most have no ending; git knows what belongs to the repository.
    private static IEnumerable<string> Scripts() =>
        Tool.Need("git", "apt-get install git").Run(["ls-files", "--cached", "--others", "--exclude-standard"], folder: Repository.Root).Good().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(f => new FileInfo(Repository.Place(f)) is { Exists: true, LinkTarget: null, Length: < 1 << 20 } && FirstLine(f) is { } line && line.StartsWith("#!", StringComparison.Ordinal) && line.EndsWith("sh", StringComparison.Ordinal));

    private static string? FirstLine(string file)
    {
        using var reader = File.OpenText(Repository.Place(file));
        return reader.ReadLine();
    }
}
