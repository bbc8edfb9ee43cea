using System.Text.RegularExpressions;
using System.Xml.Linq;
using Parcae.Grains;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Images;

/// <summary>The image's recipe agrees with the code and with what it is built from. No image is built here.</summary>
public sealed class DockerfileTests
{
    private static readonly string[] Lines = Repository.Read("infra/Dockerfile").Split('\n');

    [Fact]
    public void The_environment_is_the_one_that_suits_workers()
    {
        foreach (var (name, value) in WorkerEnvironment.Variables) Assert.Equal((name, value), (name, Deployed.ImageEnvironment.GetValueOrDefault(name)));
    }

    [Fact]
    public void Its_settings_are_the_silos_and_the_HTTP_port_is_reachable_from_other_containers()
    {
        var settings = Deployed.Read(["--role", "worker"], Deployed.ImageEnvironment, TimeSpan.FromMinutes(1)).Settings;
        Assert.Equal(("0.0.0.0", 8080, "/data/checkpoints"), (settings.HttpHost, settings.ActualHttpPort, settings.Checkpoints));
    }

    [Fact]
    public void It_exposes_the_default_ports()
    {
        var control = Deployed.Read(["--role", "control"], [], TimeSpan.Zero).Settings;
        Assert.Equal($"EXPOSE {control.ActualHttpPort} {control.SiloPort} {control.ActualGatewayPort}", Assert.Single(Lines, l => l.StartsWith("EXPOSE", StringComparison.Ordinal)));
    }

    [Fact]
    public void Its_last_user_is_not_root_and_what_it_writes_is_a_volume()
    {
        Assert.Equal("USER $APP_UID", Lines.Last(l => l.StartsWith("USER", StringComparison.Ordinal)));
        Assert.Contains("VOLUME /data", Lines);
    }

    [Fact]
    public void Every_project_of_the_silo_is_there_before_packages_are_restored()
    {
        int restore = Array.FindIndex(Lines, l => l.StartsWith("RUN dotnet restore", StringComparison.Ordinal));
        foreach (string project in Closure("Silo/Parcae.Silo.csproj"))
            Assert.Contains(Lines[..restore], l => l == $"COPY {project} {Path.GetDirectoryName(project)}/");
    }

    [Fact]
    public void Nothing_that_the_silo_is_built_from_is_kept_out_of_the_build()
    {
        string[] kept = [.. Repository.Read(".dockerignore").Split('\n').Where(l => l.StartsWith('!')).Select(l => l[1..])];
        string[] needed =
        [
            .. Lines.Where(l => l.StartsWith("COPY ", StringComparison.Ordinal) && !l.Contains("--from", StringComparison.Ordinal)).SelectMany(l => l.Split(' ')[1..^1]).Where(p => p != "."),
            .. Closure("Silo/Parcae.Silo.csproj").SelectMany(Outside),
            // Read by every build, wherever they are.
            .. Directory.EnumerateFiles(Repository.Root, "Directory.*").Select(f => Path.GetFileName(f)!), "global.json", ".editorconfig",
        ];
        foreach (string file in needed)
        {
            Assert.True(File.Exists(Repository.Place(file)), file);
            Assert.Contains(kept, k => file == k || (k.EndsWith('/') && file.StartsWith(k, StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void The_CUDA_image_differs_by_one_argument_which_the_project_file_knows()
    {
        string backend = Assert.Single(Lines, l => l.StartsWith("ARG TORCH_BACKEND=", StringComparison.Ordinal)).Split('=')[1];
        Assert.Equal("cpu", backend);
        string[] stages = [.. Lines.Select(l => Regex.Match(l, "^FROM \\S+ AS (\\w+)$")).Where(m => m.Success).Select(m => m.Groups[1].Value)];
        string project = Repository.Read("GpuWorker/Parcae.GpuWorker.csproj");
        foreach (string variant in new[] { "cpu", "cuda" })
        {
            Assert.Contains(variant, stages);
            Assert.Contains($"'$(TorchBackend)' == '{variant}'", project, StringComparison.Ordinal);
        }
    }

    // A project and the projects that it needs, by their paths in the repository.
    private static HashSet<string> Closure(string project)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var next = new Stack<string>([project]);
        while (next.TryPop(out string? one))
        {
            if (!found.Add(one)) continue;
            foreach (string include in Includes(one, "ProjectReference")) next.Push(include);
        }

        return found;
    }

    // What a project takes from outside its folder.
    private static IEnumerable<string> Outside(string project) =>
        Includes(project, "EmbeddedResource").Concat(Includes(project, "None")).Concat(Includes(project, "Compile")).Where(p => !p.StartsWith(Path.GetDirectoryName(project)!, StringComparison.Ordinal));

    private static IEnumerable<string> Includes(string project, string item) => XDocument.Parse(Repository.Read(project)).Descendants(item)
        .Select(i => (string?)i.Attribute("Include")).OfType<string>().Select(i => Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.Place(project))!, i))));
}
