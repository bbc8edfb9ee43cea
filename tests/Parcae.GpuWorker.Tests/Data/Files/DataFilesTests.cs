using System.Diagnostics;
using Parcae.GpuWorker.Data;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class DataFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Folders_are_searched_in_ordinal_order_of_the_whole_paths_and_links_followed()
    {
        var elsewhere = _folder.File("elsewhere/in.txt", "");
        string[] files = [_folder.File("in/B.txt", ""), _folder.File("in/a-b.txt", ""), _folder.File("in/a/z.txt", ""), Path.Combine(_folder.Path, "in/link/in.txt")];
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "in/link"), Path.GetDirectoryName(elsewhere)!);
        Assert.Equal(files, DataFiles.Find([Path.Combine(_folder.Path, "in")], "data.paths").Select(f => f.ToString()));
    }

    [Fact]
    public void A_folder_that_is_reached_twice_is_read_twice()
    {
        _folder.File("in/real/a.txt", "");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "in/twin"), Path.Combine(_folder.Path, "in/real"));
        Assert.Equal(2, DataFiles.Find([Path.Combine(_folder.Path, "in")], "data.paths").Count);
    }

    [Fact]
    public void A_folder_that_contains_itself_is_refused()
    {
        _folder.File("in/deep/a.txt", "");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "in/deep/loop"), Path.Combine(_folder.Path, "in"));
        Refused(Path.Combine(_folder.Path, "in"), "in/deep/loop is a link to a folder that contains it");
    }

    [Fact]
    public void A_link_that_leads_to_itself_is_refused()
    {
        var loop = Path.Combine(_folder.Path, "loop");
        File.CreateSymbolicLink(loop, loop);
        Refused(loop, $"{loop} cannot be read: Too many levels of symbolic links");
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_refused()
    {
        var link = Path.Combine(_folder.Path, "link");
        File.CreateSymbolicLink(link, Path.Combine(_folder.Path, "nowhere"));
        Refused(link, $"there is no file or folder {link}");
        Refused(_folder.Path, $"there is no file or folder {link}");
    }

    [Fact]
    public void Devices_and_pipes_are_refused_and_never_opened()
    {
        Refused("/dev/zero", "/dev/zero is a character device, not a file");
        var pipe = Path.Combine(_folder.Path, "pipe");
        using (var make = Process.Start("mkfifo", pipe)) make.WaitForExit();
        Refused(pipe, $"{pipe} is a pipe, not a file");
        Refused(_folder.Path, $"{pipe} is a pipe, not a file");
        Assert.Throws<InvalidDataException>(() => DataFiles.Open(pipe, "data.paths"));
    }

    [Fact]
    public void A_path_that_goes_through_a_file_or_is_empty_is_refused()
    {
        var file = _folder.File("a.txt", "");
        Refused(Path.Combine(file, "b.txt"), "cannot be read: Not a directory");
        Refused("", "an empty text is not a path");
        Refused("a\0b", "names no file");
    }

    [Fact]
    public void What_the_system_refuses_is_the_fault_of_the_data()
    {
        var e = Assert.Throws<InvalidDataException>(() => DataFiles.Guard<int>(() => throw new UnauthorizedAccessException("No."), "/x", "data.paths"));
        Assert.Equal("data.paths: /x cannot be read: No.", e.Message);
    }

    [Fact]
    public void A_folder_that_may_not_be_read_is_refused()
    {
        if (Environment.UserName == "root") Assert.Skip("Root may read everything.");
        var secret = Path.Combine(_folder.Path, "secret");
        Directory.CreateDirectory(secret);
        using (var close = Process.Start("chmod", ["000", secret])) close.WaitForExit();
        try
        {
            Refused(_folder.Path, $"{secret} cannot be read");
        }
        finally
        {
            using var open = Process.Start("chmod", ["700", secret]);
            open.WaitForExit();
        }
    }

    private static void Refused(string path, string reason)
    {
        var message = Assert.Throws<InvalidDataException>(() => DataFiles.Find([path], "data.paths")).Message;
        Assert.StartsWith("data.paths: ", message);
        Assert.Contains(reason, message);
    }
}
