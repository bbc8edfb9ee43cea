namespace Parcae.Silo.Availability.Detection;

/// <summary>Which cloud made this machine.</summary>
internal enum Cloud
{
    /// <summary>The machine does not say: the kernel shows no such strings (a sandbox, some boards).</summary>
    Unknown,

    /// <summary>None of those known here.</summary>
    None,

    /// <summary>Amazon EC2.</summary>
    Aws,

    /// <summary>Microsoft Azure.</summary>
    Azure,

    /// <summary>Google Compute Engine.</summary>
    Google,
}

/// <summary>Reads who made this machine from the strings of its firmware (SMBIOS), which the kernel shows as files. It asks nobody.</summary>
internal static class Machine
{
    // Every Azure machine has this one, which tells it from others on the same hypervisor.
    private const string AzureTag = "7783-7084-3265-9085-8269-3286-77";

    /// <summary>The cloud by the files in a folder.</summary>
    public static Cloud Identify(string folder)
    {
        string vendor = Read(folder, "sys_vendor"), product = Read(folder, "product_name"), firmware = Read(folder, "bios_version");
        if (vendor.Length == 0 && product.Length == 0) return Cloud.Unknown;
        // Machines on Nitro name the vendor, older ones on Xen only the version of the firmware ('4.11.amazon').
        if (vendor == "Amazon EC2" || firmware.EndsWith("amazon", StringComparison.OrdinalIgnoreCase)) return Cloud.Aws;
        if (Read(folder, "chassis_asset_tag") == AzureTag) return Cloud.Azure;
        return product == "Google Compute Engine" ? Cloud.Google : Cloud.None;
    }

    private static string Read(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Some are for root only; what cannot be read says nothing.
            return "";
        }
    }
}
